"""Scores as they stand in a terminal."""

import json

import pytest

from geneglass.cli.main import run


@pytest.fixture
def panel(tmp_path, tiny_cohort):
    from geneglass.data.cohort import read_cohort
    from geneglass.data.spot_formats import open_spots

    path = tmp_path / "panel.txt"
    path.write_text("\n".join(open_spots(read_cohort(tiny_cohort).sections[0].spots).table.var_names[:8]))
    return path


def test_nulls_print_every_ranking_whichever_is_the_protocols_own(tiny_cohort, panel, capsys):
    assert run(["nulls", str(tiny_cohort), "--panel", str(panel), "--min-counts", "0"]) == 0
    said = capsys.readouterr().out
    for column in ("mean r", "50 highest", "50 highest on test", "50 most variable", "50 most variable on test"):
        assert column in said
    assert said.count("position only, K = 10") >= 2
    assert "every spot is scored" in said
    assert "spots of 3 sections are scored" in said


def test_nulls_take_a_seed_and_refuse_numbers_below_zero(tiny_cohort, panel, capsys):
    arguments = ["nulls", str(tiny_cohort), "--panel", str(panel), "--json"]
    drawn = []
    for seed in ("0", "5", "5"):
        assert run([*arguments, "--seed", seed]) == 0
        drawn.append(json.loads(capsys.readouterr().out)["predictors"]["random references"]["r"])
    assert drawn[0] != drawn[1] == drawn[2]
    for option in ("--seed", "--min-counts"):
        assert run([*arguments, option, "-1"]) == 2
        assert "greater than or equal to 0" in capsys.readouterr().err


def test_evaluate_prints_each_recipe_and_the_files(tiny_cohort, panel, tmp_path, capsys):
    arguments = ["evaluate", str(tiny_cohort), "--panel", str(panel), "--out", str(tmp_path / "out")]
    assert run([*arguments, "--recipe", "ridge", "--recipe", "ridge:faithful", "--set", "ridge:faithful.seed=1"]) == 2
    assert "seed" in capsys.readouterr().err
    assert run([*arguments, "--recipe", "ridge", "--recipe", "ridge:faithful"]) == 0
    said = capsys.readouterr().out
    assert "50 most variable" in said
    assert "ridge against ridge:faithful, r gene by gene" in said
    assert "report.html" in said
    assert (tmp_path / "out" / "report.html").is_file()
