"""A slide unlike the training slides is named before it is predicted: scale, stain, tissue."""

from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.cohort import read_cohort
from geneglass.data.pyramid import write_pyramid
from geneglass.data.section import open_section
from geneglass.data.slide_formats import open_slide
from geneglass.data.stain import as_colour, stain_of
from geneglass.data.types import Region
from geneglass.model.checkpoint import ModelInfo, SectionInfo, read_info
from geneglass.workflow import suitability
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.suitability import (
    Shares,
    compare_slide,
    judge_slide,
    scale_concern,
    stain_concern,
    tissue_concern,
)
from geneglass.workflow.train import train

PINK, BLUE, PALE = (0.3, 0.8, 0.4), (0.8, 0.6, 0.2), (0.32, 0.78, 0.42)
SECTIONS = (SectionInfo("C2", mpp=0.5), SectionInfo("C3", mpp=0.25))
INFO = ModelInfo("ridge", {}, "texture", ("A",), sections=SECTIONS, stains=(PINK, None))


@pytest.fixture(scope="module")
def model(tiny_cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "ridge.safetensors"
    last = read_cohort(tiny_cohort).sections[-1]
    hold_out = (f"patient:{last.patient}",)
    config = TrainConfig(cohort=tiny_cohort, out=out, recipe="ridge", panel_size=20, hold_out=hold_out, cross_fit=False)
    return finish(train(config))


@pytest.fixture
def section(tiny_cohort):
    opened = open_section(read_cohort(tiny_cohort).sections[-1])
    yield opened
    opened.close()


@pytest.mark.parametrize("mpp", [0.1, 0.25, 0.5, 0.7])
def test_usual_scans_raise_no_concern(mpp):
    assert scale_concern("X", mpp, INFO) is None


@pytest.mark.parametrize(("mpp", "words"), [(2.0, "4.0 times coarser"), (0.05, "5.0 times finer")])
def test_another_scale_is_named_with_both_numbers(mpp, words):
    concern = scale_concern("X", mpp, INFO)
    assert concern.kind == "scale"
    assert words in concern.sentence
    assert "0.25 to 0.5 µm" in concern.sentence


def test_another_stain_is_named_and_a_near_one_is_not():
    assert stain_concern("X", PALE, INFO) is None
    concern = stain_concern("X", BLUE, INFO)
    assert concern.kind == "stain"
    assert as_colour(BLUE) in concern.sentence
    assert as_colour(PINK) in concern.sentence


def test_training_stains_far_apart_allow_more():
    wide = replace(INFO, stains=(PINK, (0.1, 0.3, 0.1)))
    between = (0.15, 0.5, 0.25)
    assert stain_concern("X", between, INFO) is not None
    assert stain_concern("X", between, wide) is None


def test_models_that_state_nothing_raise_no_concern():
    silent = replace(INFO, sections=(SectionInfo("C2"),), stains=())
    assert scale_concern("X", 40.0, silent) is None
    assert stain_concern("X", BLUE, silent) is None
    assert stain_concern("X", None, INFO) is None


def test_strange_tissue_is_named_only_where_it_is_most_of_the_slide():
    assert tissue_concern("X", Shares(0.5, 0.5)) is None
    assert tissue_concern("X", None) is None
    doubtful = tissue_concern("X", Shares(0.9, 0.1))
    assert doubtful.kind == "tissue"
    assert "At 90% of the places looked at, X shows the model tissue that it is not confident of" in doubtful.sentence
    unlike = tissue_concern("X", Shares(1.0, 0.8))
    assert unlike.kind == "tissue"
    assert "At 80% of the places looked at, X looks like nothing the model was trained on" in unlike.sentence


def test_the_model_file_keeps_the_stains_of_its_training_slides(model, tiny_cohort):
    slides = [open_section(source).slide for source in read_cohort(tiny_cohort).sections[:-1]]
    np.testing.assert_allclose(read_info(model).stains, [stain_of(slide) for slide in slides])


def test_a_slide_like_the_training_slides_raises_no_concern(model, section):
    assert finish(judge_slide(model, section)) == ()


def test_a_wrong_pixel_size_is_seen(model, section):
    kinds = [concern.kind for concern in finish(judge_slide(model, replace(section, mpp=section.mpp * 5)))]
    assert "scale" in kinds


def test_a_recoloured_slide_is_seen(model, section, tmp_path):
    level = section.slide.levels[0]
    pixels = section.slide.read(Region(0, 0, 0, level.height_px, level.width_px))
    # Red and green exchanged: a green stain.
    write_pyramid(tmp_path / "green.ome.tif", np.ascontiguousarray(pixels[..., [1, 0, 2]]), section.mpp, tile=128)
    recoloured = replace(section, slide=open_slide(tmp_path / "green.ome.tif"))
    concerns = finish(judge_slide(model, recoloured))
    assert [concern.kind for concern in concerns][:1] == ["stain"]
    assert section.name in concerns[0].sentence


def test_a_slide_of_noise_is_tissue_like_none(model, section, tmp_path):
    level = section.slide.levels[0]
    pixels = np.random.default_rng(0).integers(0, 256, (level.height_px, level.width_px, 3), dtype=np.uint8)
    write_pyramid(tmp_path / "noise.ome.tif", pixels, section.mpp, tile=128)
    concerns = finish(judge_slide(model, replace(section, slide=open_slide(tmp_path / "noise.ome.tif"))))
    (tissue,) = [concern for concern in concerns if concern.kind == "tissue"]
    assert "At 100% of the places looked at" in tissue.sentence
    assert "looks like nothing the model was trained on" in tissue.sentence


def test_what_could_not_be_compared_is_told(model, section, tmp_path):
    (damaged,) = finish(compare_slide(tmp_path / "none.safetensors", section))
    assert damaged.kind == "unknown"
    assert damaged.sentence.startswith(f"{section.name} could not be compared with the training slides: There is no")
    (scaleless,) = finish(compare_slide(model, replace(section, mpp=None, mpp_source="no tag says so")))
    assert "The pixel size of" in scaleless.sentence
    assert finish(compare_slide(model, section)) == ()


def test_any_failure_of_the_comparison_is_told(model, section, monkeypatch):
    def failing(*_):
        raise RuntimeError("out of something\nwith a long story")

    monkeypatch.setattr(suitability, "stain_of", failing)
    (concern,) = finish(compare_slide(model, section))
    assert concern.sentence == f"{section.name} could not be compared with the training slides: out of something."
