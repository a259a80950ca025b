"""Files as the cache of the Hugging Face hub holds them."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file


def put_in_cache(hub: Path, repository: str, **files: Any) -> None:
    """Write files of a repository, their dots as two underscores: tensors for `model`, else JSON."""
    folder = hub / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    for name, content in files.items():
        target = snapshot / name.replace("__", ".")
        save_file(content, target) if name.startswith("model") else target.write_text(json.dumps(content))
