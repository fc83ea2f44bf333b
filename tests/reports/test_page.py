"""Claims about the text of `report.html`; what it does in a browser is claimed in `test_page_browser.py`."""

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_lab import datasets
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.errors import SetupError
from mnist_lab.reports import page, wording, write_page
from mnist_lab.reports.page import EPOCHS, parts
from mnist_lab.reports.write import html
from mnist_lab.runs import find_run, formats
from tests.markup import Document
from tests.reports.page_results import INTRUDER, compared, mistakes, two_data_sets
from tests.run_folders import UCI, edit_metrics, finished_run, give_mistakes


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return two_data_sets(tmp_path_factory.mktemp("page")).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(text):
    return Document(text)


def test_nothing_in_it_points_to_anything_but_itself_and_the_run_folders(document):
    for element in document.elements:
        for name in ("src", "xlink:href", "action", "data", "srcset", "poster"):
            assert element.get(name, "data:").startswith(("data:", "#"))
        if (target := element.get("href")) is not None and element["tag"] != "a":
            assert target.startswith("data:")
        elif target is not None:
            assert re.fullmatch(r"#[A-Za-z0-9_.-]+|[a-z0-9_/]+/seed\d+-[0-9a-f]{8}/", target)
    assert not re.search(r"@import|url\((?!#)", document.all("style")[0]["text"])


def test_only_its_own_script_may_run(document):
    policy = next(meta["content"] for meta in document.all("meta") if "http-equiv" in meta)
    data, script = document.all("script")
    digest = base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert re.search(r"script-src ([^;]*)", policy)[1] == f"'sha256-{digest}'"
    assert data["type"] == "application/json"
    assert json.loads(data["text"]).keys() >= {"experiment-mlp_512", "experiment-quickstart"}
    assert not any(name.startswith("on") for element in document.elements for name in element)


def test_what_users_wrote_is_text(document, text):
    assert INTRUDER in [element["text"] for element in document.all("p")]
    assert INTRUDER not in text


def test_headings_come_in_order_and_every_table_says_what_it_is(document):
    levels = [int(heading["tag"][1]) for heading in document.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert document.all("html")[0]["lang"] == "en"
    assert document.all("title")[0]["text"] == "results · mnist-lab report"
    assert len(document.all("table")) == len(document.all("caption")) >= 7
    assert all("scope" in heading for heading in document.all("th"))


def test_every_id_is_unique_and_every_link_within_the_page_has_a_target(document):
    assert document.links_to_nothing() == set()


def test_every_colour_of_the_figures_has_another_in_dark_mode(document):
    assert len(document.colours()) >= 5
    assert all(f"{colour}:" in document.all("style")[0]["text"] for colour in document.colours())


def test_equal_runs_give_equal_pages_from_wherever_they_are_written(tmp_path, monkeypatch):
    results = tmp_path / "results"
    finished_run(results, test=0.98)
    finished_run(results, "ablation/no_relu", test=0.92)
    text = html(results, compared(results))
    monkeypatch.chdir(tmp_path)
    assert html(Path("results"), compared(Path("results"))) == text
    assert str(tmp_path) not in text


def test_what_can_be_scrolled_with_the_keyboard_has_a_name(document):
    reached = [element for element in document.elements if element.get("tabindex") == "0"]
    assert {"figure", "div", "pre"} <= {element["tag"] for element in reached}
    assert all(element["aria-label"] and element["role"] == "group" for element in reached)


def test_the_page_says_that_different_data_are_not_compared(tmp_path, text):
    said = "Experiments on different data are listed separately and not compared with each other."
    finished_run(tmp_path)
    assert said in text
    assert said not in html(tmp_path, compared(tmp_path))


def test_the_largest_differences_come_first_and_a_huge_difference_leaves_room_for_the_others(tmp_path):
    wins = {
        "ablation/nodes_1024": 0.003,
        "ablation/batch_64": 0.001,
        "ablation/nodes_256": -0.002,
        "ablation/no_relu": -0.06,
    }
    for seed in range(1, 10):
        finished_run(tmp_path, seed=seed, test=0.97 + 0.0001 * seed)
        for name, difference in wins.items():
            finished_run(tmp_path, name, seed=seed, test=0.97 + difference + 0.0001 * (seed + seed % 3))
    [found] = parts(compared(tmp_path), None)
    ranked = {kind: [row.group.name for row in rows] for kind, rows in found.answers.items()}
    assert ranked == {Kind.BETTER: list(wins)[:2], Kind.WORSE: list(wins)[:1:-1]}
    assert wording.lead(found.section) == "Of 4 changes to mlp_512, 2 helped and 2 hurt."
    bars = {row.group.name: row.bar for rows in found.answers.values() for row in rows}
    assert found.end < 0.01
    assert [bar.cut for bar in bars.values()] == ["", "", "left", ""]
    assert bars["ablation/no_relu"].mean == 0
    assert bars["ablation/nodes_256"].high < 50 < bars["ablation/batch_64"].low
    assert bars["ablation/batch_64"].mean == pytest.approx(50 + 50 * 0.0011 / found.end)


def test_the_legend_explains_only_what_is_drawn(tmp_path):
    def legend():
        found = Document(html(tmp_path, compared(tmp_path))).all("p")
        return next(one["text"] for one in found if one["text"].startswith("Difference in test accuracy"))

    for seed in range(1, 7):
        finished_run(tmp_path, seed=seed, test=0.98)
        finished_run(tmp_path, "ablation/no_relu", seed=seed, test=0.981 + 0.0001 * seed)
    said = "Difference in test accuracy from the base in percentage points (pp)"
    assert legend() == f"{said}, with its 95 % confidence interval. The bars span -0.2 to +0.2 pp."
    for name, test in (("nodes_256", 0.979), ("nodes_1024", 0.981), ("batch_64", 0.5)):
        finished_run(tmp_path, f"ablation/{name}", test=test)
    assert legend().endswith("; an arrow marks a difference beyond that.")
    few = tmp_path / "few"
    finished_run(few)
    finished_run(few, "ablation/no_relu", test=0.979)
    tmp_path = few
    assert legend() == f"{said}. The bars span -0.1 to +0.1 pp."


def test_the_environment_is_told_in_words(tmp_path):
    run = finished_run(tmp_path)
    edit_metrics(
        run, environment={"device": "cpu", "devices": ["cpu"], "processors": 2, "git_dirty": False, "numpy": "2"}
    )
    [found] = parts(compared(tmp_path), None)
    assert found.rows[0].environment == {
        "device (chosen)": "cpu", "devices (found)": "cpu", "CPU count": "2", "uncommitted changes": "no", "numpy": "2",
    }  # fmt: skip


def test_what_is_undecided_is_reported_with_the_seeds_it_needs(tmp_path):
    for name in ("mlp_512", "ablation/nodes_256", "ablation/no_relu"):
        finished_run(tmp_path, name)
    found = wording.lead(compared(tmp_path).sections[0])
    assert found == "Both changes to mlp_512 had too few seeds for a verdict (at least 7 needed)."


def test_what_is_undecided_is_told_apart_from_what_is_decided_and_from_what_shares_no_seed(tmp_path):
    def lead():
        return wording.lead(compared(tmp_path).sections[0])

    for seed in range(1, 10):
        finished_run(tmp_path, seed=seed, test=0.97 + 0.0001 * seed)
    finished_run(tmp_path, "ablation/nodes_256", seed=50)
    assert lead() == "The only change to mlp_512 had no seed in common with the base."
    for name in ("ablation/batch_64", "ablation/batch_256"):
        finished_run(tmp_path, name, seed=1)
    undecided = "2 had too few seeds for a verdict (at least 7 needed) and 1 had no seed in common with the base."
    assert lead() == f"Of 3 changes to mlp_512, {undecided}"
    for seed in range(1, 10):
        finished_run(tmp_path, "ablation/nodes_1024", seed=seed, test=0.98 + 0.0001 * (seed + seed % 3))
    assert lead() == f"Of 4 changes to mlp_512, 1 helped, {undecided}"


def test_the_decided_are_counted_and_so_are_the_others(tmp_path):
    for seed in range(1, 10):
        finished_run(tmp_path, seed=seed, test=0.97 + 0.0001 * seed)
        finished_run(tmp_path, "ablation/no_relu", seed=seed, test=0.91 + 0.0001 * (seed + seed % 3))
    for name in ("ablation/batch_64", "ablation/batch_256", "ablation/nodes_256"):
        finished_run(tmp_path, name, seed=1)
    assert wording.lead(compared(tmp_path).sections[0]) == (
        "Of 4 changes to mlp_512, 1 hurt and 3 had too few seeds for a verdict (at least 7 needed)."
    )


def test_confusions_are_counted_over_the_seeds_and_related_to_the_images_of_a_class(tmp_path):
    for seed in (1, 2):
        run = finished_run(tmp_path, seed=seed)
        give_mistakes(run, [*mistakes(), {"index": 9, "label": 0, "predicted": seed, "confidence": 1}])
    truth = np.repeat(np.arange(10), 5)
    predicted = truth.copy()
    predicted[20:23], predicted[0] = 9, 2
    formats.write_arrays(run.path / "predictions.npz", {"probabilities": np.eye(10)[predicted].astype("float16")})
    [found] = parts(compared(tmp_path), None)[0].rows
    assert found.confusions is not None
    assert found.confusions.frequent == ((4, 9, 6), (0, 1, 1), (0, 2, 1))
    assert found.confusions.wrong[4][9] == 6
    assert found.confusions.images == (5,) * 10
    assert [found.confusions.recall(label) for label in (0, 1, 4)] == pytest.approx([0.8, 1.0, 0.4])


def test_the_images_of_a_class_are_not_counted_if_each_seed_drew_others(tmp_path):
    truth = np.repeat(np.arange(10), 5)
    for seed in (1, 2):
        run = finished_run(tmp_path, seed=seed, total=50, data__test_subset=50)
        give_mistakes(run, mistakes())
        formats.write_arrays(run.path / "predictions.npz", {"probabilities": np.eye(10)[truth].astype("float16")})
        [found] = parts(compared(tmp_path), None)[0].rows
        assert found.confusions is not None
        assert (found.confusions.images is None) == found.confusions.drawn == (seed == 2)
    assert "Each run was tested on its own subset of the test images" in html(tmp_path, compared(tmp_path))


def of_digits(folder, config, **changes):
    """A run on the digits that come with the package, which gets the test images 3, 5 and 8 wrong."""
    digits = datasets.load("digits")
    run = finished_run(folder, config, dataset=UCI | changes, total=len(digits.x_test), data__dataset="digits")
    give_mistakes(run, mistakes())


def test_the_images_that_every_model_gets_wrong_are_shown_if_their_data_set_is_available(tmp_path):
    for config in ("mlp_512", "ablation/nodes_256"):
        of_digits(tmp_path, config)
    shown = [img for img in Document(html(tmp_path, compared(tmp_path))).all("img") if img["class"] == "digit"]
    assert [img["alt"] for img in shown] == ["Test image 3", "Test image 5", "Test image 8"]
    pixels = [np.asarray(Image.open(io.BytesIO(base64.b64decode(img["src"].partition(",")[2])))) for img in shown]
    assert np.array_equal(pixels, datasets.load("digits").x_test[[3, 5, 8], ..., 0])


def test_the_images_of_other_data_than_the_runs_saw_are_listed_and_not_shown(tmp_path):
    for config in ("mlp_512", "ablation/nodes_256"):
        of_digits(tmp_path, config, sha256="f" * 64)
    document = Document(html(tmp_path, compared(tmp_path)))
    assert [span["text"] for span in document.all("span") if span.get("class") == "index"] == ["#3", "#5", "#8"]
    assert document.all("img") == []


def test_a_long_history_is_thinned_to_what_a_small_chart_can_show_and_keeps_its_end(tmp_path):
    finished_run(tmp_path, epochs=1_001)
    [found] = parts(compared(tmp_path), None)[0].rows
    [curves] = found.series
    assert len(curves["epoch"]) <= EPOCHS + 1
    assert (curves["epoch"][0], curves["epoch"][-1]) == (1, 1_001)
    assert curves["val_accuracy"][-1] == 0.98


def test_files_that_are_damaged_or_missing_leave_gaps_and_no_more(tmp_path):
    run = finished_run(tmp_path)
    for name in ("history.jsonl", "mistakes.json", "predictions.npz"):
        (run.path / name).write_text("[{]")
    (run.path / "config.yaml").unlink()
    edit_metrics(run, observations=[], environment={})
    [found] = parts(compared(tmp_path), None)[0].rows
    assert (found.series, found.confusions, found.config, found.environment, found.observations) == (
        [],
        None,
        "",
        {},
        [],
    )
    assert "<h1>results</h1>" in html(tmp_path, compared(tmp_path))


def test_pictures_beyond_the_room_for_them_stay_in_their_folders(tmp_path, monkeypatch):
    for name in ("ablation/nodes_256", "ablation/nodes_1024"):
        (finished_run(tmp_path, name).path / "mistakes.png").write_bytes(bytes(900))
    monkeypatch.setattr(page, "PICTURES", 2_000)
    text = html(tmp_path, compared(tmp_path))
    assert text.count('src="data:image/png;base64,') == 1
    assert text.count("see <code>mistakes.png</code> in the run's folder") == 1


def test_a_missing_picture_is_not_linked(tmp_path):
    finished_run(tmp_path)
    text = html(tmp_path, compared(tmp_path))
    assert "the run's folder has no <code>mistakes.png</code>" in text
    assert "see <code>mistakes.png" not in text


def test_names_that_a_link_cannot_tell_apart_get_links_of_their_own(tmp_path):
    for epochs in (3, 4):
        finished_run(tmp_path, train__epochs=epochs)
    once = compared(tmp_path)
    found, again = parts(replace(once, sections=once.sections * 2), None)
    assert len({row.anchor for row in found.rows}) == 2
    assert all(re.fullmatch(r"experiment-mlp_512-[0-9a-f]{8}", row.anchor) for row in found.rows)
    assert [row.anchor + "-2" for row in found.rows] == [row.anchor for row in again.rows]


def test_the_command_that_repeats_a_run_finds_it_in_the_results_folder_and_in_the_one_above(tmp_path, monkeypatch):
    results = tmp_path / "my results"
    run = finished_run(results, "ablation/nodes_256")
    [found] = parts(compared(tmp_path), None)[0].rows
    [one] = found.group.runs
    place = f"ablation/nodes_256/{run.id}"
    assert page.command(one) == f"mnist-lab reproduce {place}"
    assert page.link(tmp_path, one.folder.path) == f"my%20results/{place}"
    for folder in (tmp_path, results):
        monkeypatch.chdir(folder)
        assert find_run(place, Path("my results")).folder.path.resolve() == run.path


def test_a_folder_that_cannot_be_written_is_reported_and_nothing_is_left(tmp_path):
    finished_run(tmp_path / "results")
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"the page cannot be written"):
        write_page(tmp_path / "file", compared(tmp_path / "results"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "results"]
