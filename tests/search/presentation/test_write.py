"""The files of a search: their contents, and that they follow from the record alone."""

import base64
import hashlib
import re
from itertools import pairwise

import pytest
from PIL import Image

from mnist_lab.search.presentation import write_search
from tests.markup import Document
from tests.search.records import of_accuracy, of_tradeoff


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    return {file.name: file for file in write_search(folder, of_accuracy())}


@pytest.fixture(scope="module")
def traded_off(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    return {file.name: file for file in write_search(folder, of_tradeoff())}


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


def test_figures_on_the_page_do_not_repeat_its_title_and_data(written):
    titles = re.findall(r">([^<]*alidation accuracy[^<]*)</text>", written["search.html"].read_text())
    assert "Validation accuracy against each parameter" in titles
    assert not any("mlp" in title or "MNIST" in title for title in titles)


def test_lists_are_written_with_commas_everywhere(written):
    for name in ("search.html", "search.md"):
        text = written[name].read_text()
        assert "512, 512" in text
        assert "512-512" not in text


def test_with_two_objectives_the_front_is_drawn_and_listed(traded_off):
    assert "pareto_front.png" in traded_off
    table = traded_off["search.md"].read_text().partition("### Pareto front")[2].partition("![")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == list(map(str, of_tradeoff().front))


def test_a_search_that_has_just_begun_has_no_figures_and_loses_those_of_an_earlier_one(tmp_path):
    record = of_accuracy(confirmed=False).model_copy(update={"trials": (), "best": None, "ended": None})
    (tmp_path / "slices.png").touch()
    (tmp_path / "own.png").touch()
    files = write_search(tmp_path, record)
    assert all(file.suffix != ".png" for file in files)
    assert [file.name for file in tmp_path.glob("*.png")] == ["own.png"]


def test_html_in_what_users_wrote_is_text(tmp_path):
    record = of_accuracy(confirmed=False).model_copy(update={"description": "<script>alert(1)</script>", "trials": ()})
    page, text, *_ = write_search(tmp_path, record)
    assert "<script>alert" not in page.read_text()
    assert "<script>alert" not in text.read_text()


# The page


@pytest.fixture(scope="module")
def document(written):
    return Document(written["search.html"].read_text(encoding="utf-8"))


def test_the_page_needs_nothing_but_itself_and_runs_only_its_own_script(document):
    policy = next(meta["content"] for meta in document.all("meta") if "http-equiv" in meta)
    [script] = document.all("script")
    digest = base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'; " in policy
    assert all(link["href"].startswith("data:") for link in document.all("link"))
    for link in document.all("a"):
        assert re.fullmatch(r"#[a-z]+|trial-\d{3}/seed1-[0-9a-f]{8}/", link["href"])


def test_every_id_of_the_page_is_unique_and_every_link_within_it_has_a_target(document):
    assert document.links_to_nothing() == set()


def test_headings_of_the_page_come_in_order_and_every_table_says_what_it_is(document):
    levels = [int(heading["tag"][1]) for heading in document.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(document.all("table")) == len(document.all("caption")) == 4
    assert document.all("title")[0]["text"] == "mlp · mnist-lab tune"


@pytest.mark.parametrize("files", ["written", "traded_off"])
def test_every_colour_of_the_figures_has_another_in_dark_mode(files, request):
    page = Document(request.getfixturevalue(files)["search.html"].read_text(encoding="utf-8"))
    assert len(page.colours()) >= 5
    assert all(f"{colour}:" in page.all("style")[0]["text"] for colour in page.colours())


def test_the_page_gives_the_verdict_on_each_confirmed_trial_with_a_bar(document):
    arms = of_accuracy().confirmation.arms[1:]
    bars = [element["aria-label"] for element in document.all("svg") if element.get("class") == "bar"]
    assert bars == [
        f"{100 * arm.difference.mean:+.2f} pp, 95 % confidence interval {100 * low:+.2f} to {100 * high:+.2f}"
        for arm in sorted(arms, key=lambda arm: ["better", "worse", "not significant"].index(arm.difference.kind))
        for low, high in [arm.difference.interval]
    ]


def test_the_page_lists_every_trial_with_results(document):
    rows = [element["text"] for element in document.all("a") if element["href"].startswith("trial-")]
    assert sorted(map(int, rows)) == [trial.number for trial in of_accuracy().trials if trial.reached]


def test_equal_records_give_equal_files(tmp_path, written):
    for file in write_search(tmp_path, of_accuracy()):
        assert file.read_bytes() == written[file.name].read_bytes()
