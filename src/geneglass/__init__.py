"""geneglass: read genes through the H&E.

The jobs of the window and the command line, for scripts: `finish(train(TrainConfig(...)))`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geneglass.workflow.config import EvaluateConfig, FetchConfig, PredictConfig, TrainConfig
    from geneglass.workflow.evaluate import evaluate
    from geneglass.workflow.events import Event, finish
    from geneglass.workflow.fetch import fetch
    from geneglass.workflow.predict import predict
    from geneglass.workflow.train import train

__version__ = "0.1.0"

__all__ = [
    "EvaluateConfig",
    "Event",
    "FetchConfig",
    "PredictConfig",
    "TrainConfig",
    "__version__",
    "evaluate",
    "fetch",
    "finish",
    "predict",
    "train",
]

_HOMES = {
    "EvaluateConfig": "config",
    "Event": "events",
    "FetchConfig": "config",
    "PredictConfig": "config",
    "TrainConfig": "config",
    "evaluate": "evaluate",
    "fetch": "fetch",
    "finish": "events",
    "predict": "predict",
    "train": "train",
}


def __getattr__(name: str) -> Any:
    """Import a job when it is asked for: `import geneglass` alone stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'geneglass' has no attribute {name!r}")
    return getattr(import_module(f"geneglass.workflow.{_HOMES[name]}"), name)
