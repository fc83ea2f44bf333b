"""The benchmark of searches: its curves and medians, and that all contenders search the same space."""

import json

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from benchmarks.search import CONTENDERS, SEARCH, best_so_far, main, reached, summary, write
from mnist_lab.config.searches import load_search

POINTS = [(10.0, 1, 0.95), (20.0, 2, 0.97), (30.0, 1, 0.96), (45.0, 3, 0.98)]


def measured(contender, repeat, shift=0.0, late=1.0):
    points = [(seconds * late, epoch, value + shift) for seconds, epoch, value in POINTS]
    return {
        "contender": contender, "repeat": repeat, "points": points, "trials": 2, "in_search": 0.98 + shift,
        "best": {"learning_rate": 0.001, "dropout": 0.2, "nodes": "1024"}, "others": 0.1, "seconds": 70.0,
        "validation": [0.975 + shift, 0.977 + shift], "test": [0.976, 0.978],
    }  # fmt: skip


@pytest.fixture
def kept():
    searches = [measured("tune", repeat, late=0.5) for repeat in (1, 2, 3)]
    searches += [measured(name, repeat) for name in ("hyperband", "random") for repeat in (1, 2, 3)]
    return {
        "setting": {"minutes": 1, "epochs": 3, "rows": 600, "seeds": 2},
        "machine": {"processor": "a processor", "cpus": 2},
        "searches": searches,
    }


def test_the_best_so_far_is_unknown_before_the_first_number_and_never_falls():
    curve = best_so_far(POINTS, [0, 10, 25, 35, 60])
    assert np.isnan(curve[0])
    assert curve[1:] == [0.95, 0.97, 0.97, 0.98]


def test_an_accuracy_is_reached_when_a_number_is_as_high_for_the_first_time():
    assert reached(POINTS, 0.96) == 20
    assert reached(POINTS, 0.99) is None


def test_a_search_that_is_twice_as_fast_reaches_the_best_of_the_others_in_half_the_time(kept):
    ours, hyperband, _ = summary(kept)
    assert ours["goal"] == 0.98
    assert (ours["seconds"], hyperband["seconds"]) == (22.5, 45)


def test_what_fewer_than_half_of_the_repeats_reach_has_no_median_time(kept):
    for one in kept["searches"][:2]:
        one["points"] = one["points"][:2]
    assert next(summary(kept))["seconds"] == float("inf")


def test_the_report_has_a_figure_and_a_row_for_every_contender(kept, tmp_path):
    (tmp_path / "search.json").write_text(json.dumps(kept))
    assert CliRunner().invoke(main, ["--report", "--out", str(tmp_path)]).exit_code == 0
    text = (tmp_path / "SEARCH.md").read_text()
    assert all(f"| {title} | 3 | 2 | 0.9800 | 0.9760 | 0.9770 |" in text for title in CONTENDERS.values())
    assert "mnist-lab tune reached 0.9800, the best final median among the other searches, after 22 s (median)." in text
    assert (tmp_path / "search.png").is_file()


def test_the_report_says_whether_a_search_that_was_killed_ended_with_the_same_trials(kept, tmp_path):
    long = {
        "trials": 200,
        "when": "2026-01-01",
        "megabytes": [90.4, 91.0],
        "killed_after": [7.1, 50.2],
        "identical": True,
    }
    write(kept | {"long": long}, tmp_path)
    text = (tmp_path / "SEARCH.md").read_text()
    assert (
        "killed 2 times after 7 to 50 s and started again each time, ended with the same trials, bit for bit." in text
    )
    write(kept | {"long": long | {"identical": False}}, tmp_path)
    assert "ended with OTHER trials." in (tmp_path / "SEARCH.md").read_text()


def test_measurements_with_other_settings_are_not_mixed_in(kept, tmp_path):
    (tmp_path / "search.json").write_text(json.dumps(kept))
    found = CliRunner().invoke(main, ["--rows", "700", "--out", str(tmp_path)])
    assert found.exit_code == 2
    assert "give another --out" in found.output


@pytest.mark.thorough
def test_keras_tuner_searches_the_space_of_the_search_file(tmp_path):
    keras_tuner = pytest.importorskip("keras_tuner")
    from benchmarks.plain.search import build

    file = tmp_path / "search.yaml"
    file.write_text(SEARCH.format(rows=600, minutes=1, epochs=3, seed=1))
    assert load_search(file).epochs == 3
    space = yaml.safe_load(file.read_text())["space"]
    theirs = keras_tuner.HyperParameters()
    model = build(theirs)
    rate, dropout, nodes = theirs.space
    assert (rate.sampling, [rate.min_value, rate.max_value]) == (
        "log", space["train.optimizer.learning_rate"]["log_uniform"]
    )  # fmt: skip
    assert [dropout.min_value, dropout.max_value] == space["model.dropout"]["uniform"]
    assert [[int(units) for units in each.split("-")] for each in nodes.values] == space["model.nodes"]["choice"]
    assert model.count_params() == 784 * 256 + 256 + 256 * 256 + 256 + 2570
