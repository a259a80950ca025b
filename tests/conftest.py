"""Fixtures that several rooms share."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the checkout, or skip: it is never committed."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not found: {folder.parent.name}/{folder.name} is not beside the checkout")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache out of fixtures that live longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENEGLASS_CACHE", str(tmp_path_factory.mktemp("session_cache")))
        yield


@pytest.fixture(scope="session")
def tiny_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cohort.toml of a small synthetic cohort: three sections of three patients, 60 genes."""
    from make_cohort import make_cohort

    folder = tmp_path_factory.mktemp("tiny_cohort")
    return make_cohort(folder, seed=7, n_sections=3, size_um=(900, 1200), n_genes=60)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a cache of its own, so that none finds what another left."""
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path_factory.mktemp("cache")))
