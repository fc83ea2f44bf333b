"""`metrics.json` as a model: what is written is read back, and what cannot be right is damaged."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.errors import DamagedError
from mnist_lab.runs import Measured, load_run
from tests.lab import ROOT
from tests.run_folders import edit_metrics, finished_run

PUBLISHED = sorted((ROOT / "results" / "published").rglob("metrics.json"))
EXAMPLE = json.loads(PUBLISHED[0].read_text(encoding="utf-8"))


def test_the_committed_files_are_written_back_byte_for_byte(tmp_path):
    assert len(PUBLISHED) > 100
    folder = finished_run(tmp_path)
    for file in PUBLISHED:
        folder.write_measured(load_run(file.parent).measured)
        assert (folder.path / "metrics.json").read_bytes() == file.read_bytes(), file


def test_what_a_later_version_adds_is_kept(tmp_path):
    folder = finished_run(tmp_path)
    metrics = load_run(folder.path).metrics
    edit_metrics(folder, later={"key": [1]}, test=metrics["test"] | {"calibration": 0.5})
    run = load_run(folder.path)
    assert run.measured.as_dict() == run.metrics
    assert run.measured.as_dict()["test"]["calibration"] == 0.5


def places(value, path=()):
    """The path of everything below a mapping."""
    for key, below in value.items() if isinstance(value, dict) else ():
        yield (*path, key)
        yield from places(below, (*path, key))


def replaced(path, value):
    """The example with another value at a place."""
    changed = json.loads(json.dumps(EXAMPLE))
    below = changed
    for key in path[:-1]:
        below = below[key]
    below[path[-1]] = value
    return changed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(places(EXAMPLE))), JSON)
def test_whatever_stands_anywhere_it_is_read_as_it_is_or_called_damaged_with_its_file(path, value):
    metrics = replaced(path, value)
    try:
        assert Measured.of(metrics, Path("metrics.json")).as_dict().keys() == metrics.keys()
    except DamagedError as error:
        assert error.message.startswith("metrics.json: damaged (")  # noqa: PT017 - much of it may be anything


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("test", "wrong"), 0, "correct and 0 wrong do not add up to 10000"),
        (("dataset", "classes"), 10**9, "10 class names for 1000000000 classes"),
        (("test", "accuracy"), 1.5, "(test.accuracy: expected at most 1, received 1.5)"),
        (("test", "accuracy"), "high", "(test.accuracy: expected a number, received 'high' (text))"),
        (("run",), {}, "(run.name is missing)"),
        (("epochs",), 0, "(epochs: expected at least 1, received 0)"),
    ],
)
def test_what_contradicts_itself_or_makes_no_sense_is_damaged(path, value, words):
    with pytest.raises(DamagedError) as damaged:
        Measured.of(replaced(path, value), Path("metrics.json"))
    assert words in damaged.value.message
    assert damaged.value.hint == "To retrain the run, repeat its command with --force."


def test_a_number_that_json_cannot_represent_becomes_none():
    metrics = replaced(("train", "loss"), float("inf"))
    assert Measured.of(metrics, Path("metrics.json")).train.loss is None
