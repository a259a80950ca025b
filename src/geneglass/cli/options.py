"""A job's config as command-line options: the fields, their types, defaults and tooltips are written once."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

FLAGS = {"settings": "--set", "recipes": "--recipe"}
"""Fields whose option is not spelled like the field."""


def config_command(
    run: Callable[..., None], config: type[Any], *, arguments: tuple[str, ...], json: bool = False
) -> Callable[..., None]:
    """Return a Typer command whose parameters are the fields of a config dataclass.

    Parameters
    ----------
    run
        What is called with the config (and `json=`, where wanted); its docstring is the help text.
    config
        A frozen dataclass whose fields are `Annotated[type, {"tooltip": ...}]`.
    arguments
        Fields that are positional.
    json
        Whether the command has a `--json` flag.
    """
    hints = get_type_hints(config, include_extras=True)
    parameters = [_parameter(item, hints[item.name], item.name in arguments) for item in fields(config)]
    if json:
        flag = typer.Option("--json", help="Print one JSON object on standard output.")
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter("json", keyword, default=False, annotation=Annotated[bool, flag]))

    def command(**values: Any) -> None:
        extra = {"json": values.pop("json")} if json else {}
        run(config(**{name: _value(hints[name], value) for name, value in values.items()}), **extra)

    command.__doc__ = run.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _parameter(item: Field[Any], hint: Any, positional: bool) -> inspect.Parameter:
    kind, metadata = get_args(hint)[0], get_args(hint)[1]
    text = metadata.get("tooltip", "")
    default = _default(item)
    if positional:
        info: Any = typer.Argument(help=text, show_default=False)
    else:
        flag = FLAGS.get(item.name, "--" + item.name.replace("_", "-"))
        negated = f"/--no-{flag[2:]}" if default is True else ""
        limits = {key: metadata[key] for key in ("min", "max") if key in metadata}
        info = typer.Option(flag + negated, help=text, **limits)
    option_type = list[str] if _takes_many(kind) else kind
    return inspect.Parameter(
        item.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if default is MISSING else default,
        annotation=Annotated[option_type, info],
    )


def _default(item: Field[Any]) -> Any:
    value = item.default_factory() if item.default_factory is not MISSING else item.default
    return list(value) if isinstance(value, (tuple, Mapping)) else value


def _takes_many(kind: Any) -> bool:
    return get_origin(kind) in (tuple, Mapping)


def _value(hint: Any, value: Any) -> Any:
    origin = get_origin(get_args(hint)[0])
    if origin is tuple:
        return tuple(name.strip() for item in value for name in item.split(",") if name.strip())
    if origin is Mapping:
        return dict(_key_and_value(item) for item in value)
    return value


def _key_and_value(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals or not key.strip():
        raise typer.BadParameter(f"--set takes key=value, got {item!r}")
    return key.strip(), value.strip()
