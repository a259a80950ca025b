"""Fixtures that several rooms share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from geneglass.data.cohort import Cohort, SectionSource, write_cohort


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
    return make_cohort(folder, seed=7, sections=("Ada", "Bo", "Cleo"), size_um=(900, 1200), n_genes=60)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a cache of its own, so that none finds what another left."""
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def her2st_cohort(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cohort.toml over real breast sections: C2 to C5 of patient C, and A1, a reduced and masked picture."""
    root = shared_data / "her2st"
    slides = {"C2": "5714_HE_BT_C2", "C3": "5714_HE_BT_D1", "C4": "5714_HE_BT_D2", "C5": "5714_HE_BT_E1"}
    sections = [
        SectionSource(
            name,
            patient="C",
            slide=root / "data" / "ST-imgs" / "C" / name / f"{slide}.jpg",
            spots=root / "data" / "ST-cnts" / f"{name}.tsv.gz",
        )
        for name, slide in slides.items()
    ]
    a1 = SectionSource(
        "A1",
        patient="A",
        slide=root / "app" / "www" / "imgs" / "A1_HE_image_dark.png",
        spots=root / "data" / "ST-cnts" / "A1.tsv.gz",
        scale=2000 / 6954,
    )
    return _written(tmp_path_factory, (*sections, a1))


@pytest.fixture(scope="session")
def mob_cohort(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cohort.toml over three real sections of mouse olfactory bulb, from two mice."""
    mice = {"MOB1": "mouse1", "MOB2": "mouse1", "MOB3": "mouse2"}
    root = shared_data / "mob"
    sections = tuple(
        SectionSource(name, patient=mouse, slide=root / f"{name}.jpg", spots=root / f"{name}.tsv.gz", mpp=4.16)
        for name, mouse in mice.items()
    )
    return _written(tmp_path_factory, sections)


def _written(factory: pytest.TempPathFactory, sections: tuple[SectionSource, ...]) -> Path:
    path = factory.mktemp("cohort") / "cohort.toml"
    write_cohort(Cohort(path, sections))
    return path
