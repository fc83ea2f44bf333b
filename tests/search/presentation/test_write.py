"""The files of a search: what is in them, and that they follow from the record alone."""

import re

import pytest
from PIL import Image

from mnist_lab.search.presentation import write_search
from tests.search.records import of_accuracy, of_tradeoff


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    return {file.name: file for file in write_search(folder, of_accuracy())}


def test_the_text_shows_every_figure_that_was_drawn(written):
    text = written["search.md"].read_text()
    shown = re.findall(r"!\[.*\]\((.*)\)", text)
    assert shown == [name for name in written if name.endswith(".png")]
    assert shown[:3] == ["confirmation.png", "best_so_far.png", "slices.png"]


def test_the_text_lists_every_trial_with_its_number_and_why_others_have_none(written):
    text = written["search.md"].read_text()
    for trial in of_accuracy().trials:
        if trial.reached:
            assert f"| {trial.number} | {trial.reached[-1].val_accuracy:.4f} | {trial.epochs} |" in text
    assert "| 5 | failed | The loss became nan. |" in text


def test_figures_are_as_wide_as_those_of_reports_and_small(written):
    for name, file in written.items():
        if name.endswith(".png"):
            with Image.open(file) as image:
                assert image.width == 1500
            assert file.stat().st_size < 150_000


def test_of_two_objectives_the_front_is_drawn_and_listed(tmp_path):
    record = of_tradeoff()
    files = {file.name: file for file in write_search(tmp_path, record)}
    assert "pareto_front.png" in files
    table = files["search.md"].read_text().partition("### Pareto front")[2].partition("![")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == list(map(str, record.front))


def test_a_search_that_has_just_begun_has_no_figures_and_loses_those_of_an_earlier_one(tmp_path):
    record = of_accuracy(confirmed=False).model_copy(update={"trials": (), "best": None, "ended": None})
    (tmp_path / "slices.png").touch()
    (tmp_path / "own.png").touch()
    files = write_search(tmp_path, record)
    assert all(file.suffix != ".png" for file in files)
    assert [file.name for file in tmp_path.glob("*.png")] == ["own.png"]


def test_html_in_what_users_wrote_is_text(tmp_path):
    record = of_accuracy(confirmed=False).model_copy(update={"description": "<script>alert(1)</script>", "trials": ()})
    write_search(tmp_path, record)
    for file in (tmp_path / "search.md",):
        assert "<script>alert" not in file.read_text()
