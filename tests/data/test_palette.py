"""Names and colours of domains, kept per user."""

from pathlib import Path

from geneglass.data.palette import COLOURS, FURTHER_COLOURS, first_palette, next_colour, read_palette, write_palette


def test_own_names_are_kept_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "palette.json"
    palette = {**first_palette(), "Nävus: im Gesunden": (1, 2, 3)}
    write_palette(path, palette)
    assert list(read_palette(path).items()) == list(palette.items())


def test_a_missing_or_damaged_file_gives_the_first_palette(tmp_path: Path) -> None:
    path = tmp_path / "palette.json"
    assert read_palette(path) == first_palette()
    for text in ("{", "[]", "{}", '{"Tumor": "red", "": [1, 2, 3], "Fat": [1, 2, 300]}'):
        path.write_text(text)
        assert read_palette(path) == first_palette()
    path.write_text('{"Tumor": [1, 2, 3], "Fat": "yellow"}')
    assert read_palette(path) == {"Tumor": (1, 2, 3)}


def test_the_next_colour_is_one_that_few_names_have() -> None:
    assert next_colour({}) == COLOURS[0]
    assert next_colour({"a": COLOURS[0], "b": COLOURS[1]}) == COLOURS[2]
    palette = first_palette()
    for n in range(len(FURTHER_COLOURS)):
        palette[f"of my own {n}"] = next_colour(palette)
    assert len(set(palette.values())) == len(palette)
    assert next_colour(palette) == COLOURS[0]
