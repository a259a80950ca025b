"""What every registered recipe promises of a slide that shows no tissue like that it was trained on: it abstains.

The slides are the sample's, and what was made of one of them, each read by the real texture encoder.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from geneglass.data.cohort import read_cohort
from geneglass.data.pyramid import write_pyramid
from geneglass.data.section import Section, open_section
from geneglass.data.slide_formats import open_slide
from geneglass.data.types import Region, UInt8Array
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, load_model, save_model
from geneglass.model.encoder import Encoder
from geneglass.model.make import make_recipe
from geneglass.model.novelty import UNLIKE
from geneglass.model.recipe import Answer, QueryData, Recipe, TrainData
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.events import finish
from geneglass.workflow.prepare import Needs, prepare
from recipe_samples import quick

SAMPLE = Path(__file__).parents[2] / "sample_data" / "cohort.toml"
N_GENES = 24
ABSTAIN_BELOW = PredictConfig.abstain_below


def noise(pixels: UInt8Array) -> UInt8Array:
    return np.random.default_rng(0).integers(0, 256, pixels.shape, dtype=np.uint8)


def inverted(pixels: UInt8Array) -> UInt8Array:
    return 255 - pixels


def red_and_green_exchanged(pixels: UInt8Array) -> UInt8Array:
    return np.ascontiguousarray(pixels[..., [1, 0, 2]])


STRANGE: Mapping[str, Callable[[UInt8Array], UInt8Array]] = {
    made.__name__: made for made in (noise, inverted, red_and_green_exchanged)
}


def features_of(section: Section, encoder: Encoder, genes: tuple[str, ...]) -> TrainData:
    return finish(prepare(section, encoder, genes, min_counts=0, needs=Needs(slide=True))).data


@pytest.fixture(scope="module")
def panel() -> tuple[str, ...]:
    with closing(open_section(read_cohort(SAMPLE).sections[0])) as section:
        assert section.spots is not None
        return tuple(str(gene) for gene in section.spots.table.var_names[:N_GENES])


@pytest.fixture(scope="module")
def sample(encoder: Encoder, panel: tuple[str, ...]) -> list[TrainData]:
    """Return four sections of three patients; the last is left out."""
    found = []
    for source in read_cohort(SAMPLE).sections:
        with closing(open_section(source)) as section:
            found.append(features_of(section, encoder, panel))
    return found


@pytest.fixture(scope="module")
def strange(
    encoder: Encoder, panel: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, QueryData]:
    """Return the section left out with other pixels in place of its own."""
    folder, found = tmp_path_factory.mktemp("strange"), {}
    with closing(open_section(read_cohort(SAMPLE).sections[-1])) as section:
        assert section.slide is not None
        assert section.mpp is not None
        level = section.slide.levels[0]
        pixels = section.slide.read(Region(0, 0, 0, level.height_px, level.width_px))
        for name, made in STRANGE.items():
            write_pyramid(folder / f"{name}.ome.tif", made(pixels), section.mpp, tile=256)
            with open_slide(folder / f"{name}.ome.tif") as slide:
                found[name] = features_of(replace(section, slide=slide), encoder, panel).query()
    return found


@pytest.fixture(scope="module")
def model(name: str, sample: list[TrainData], encoder: Encoder, panel: tuple[str, ...]) -> Recipe:
    recipe = make_recipe(name, quick(name), panel, encoder)
    for _ in recipe.fit(sample[:-1]):
        pass
    return recipe


def share_abstained(answer: Answer) -> float:
    if answer.confidence is None:
        pytest.skip("this recipe gives no confidence")
    assert answer.calibrated
    return float((answer.confidence < ABSTAIN_BELOW).mean())


@pytest.mark.parametrize("pixels", STRANGE)
def test_it_abstains_from_what_is_no_tissue_like_that_of_training(
    model: Recipe, strange: Mapping[str, QueryData], pixels: str
) -> None:
    assert share_abstained(model.predict(strange[pixels])) > 0.9


def test_real_tissue_is_not_taken_for_strange(model: Recipe, sample: list[TrainData]) -> None:
    answer = model.predict(sample[-1].query())

    assert share_abstained(answer) < 0.5
    assert (answer.confidence == UNLIKE).mean() < 0.03


@pytest.fixture
def file(name: str, model: Recipe, panel: tuple[str, ...], tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_model(path, model, ModelInfo(recipe=name, settings=quick(name), encoder="texture", genes=panel))
    return path


def without(file: Path, ending: str) -> Path:
    """Return a copy of a model file that lacks what tells unlike tissue: all of it, or the tensor that ends so."""
    with safe_open(file, framework="pt") as opened:
        header, names = opened.metadata(), list(opened.keys())
        kept = {n: opened.get_tensor(n) for n in names if not ("novelty." in n and n.endswith(ending))}
    assert len(kept) < len(names)
    save_file(kept, file.with_stem("changed"), metadata=header)
    return file.with_stem("changed")


def test_a_model_file_keeps_the_rule(model: Recipe, strange: Mapping[str, QueryData], file: Path) -> None:
    expected = model.predict(strange["noise"])
    found = load_model(file)[0].predict(strange["noise"])
    assert share_abstained(found) > 0.9
    np.testing.assert_array_equal(found.confidence, expected.confidence)
    np.testing.assert_array_equal(found.values, expected.values)


def test_a_file_of_an_earlier_version_predicts_as_it_did(
    model: Recipe, sample: list[TrainData], strange: Mapping[str, QueryData], file: Path
) -> None:
    earlier = load_model(without(file, ""))[0]

    for query in (sample[-1].query(), strange["noise"]):
        np.testing.assert_array_equal(earlier.predict(query).values, model.predict(query).values)
    found = earlier.predict(strange["noise"]).confidence
    assert found is None or (found != UNLIKE).any()


def test_a_file_with_a_part_of_the_rule_is_refused_in_a_sentence(file: Path) -> None:
    with pytest.raises(InputError, match="does not hold a complete"):
        load_model(without(file, "limits"))
