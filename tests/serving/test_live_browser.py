"""The live page in a real browser: it follows what happens in the folder, and leaves its reader alone."""

import json
import os
import re
import signal
import subprocess

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from mnist_lab.runs import lock
from mnist_lab.serving import site
from tests.browser import beyond_the_screen, find, looked_at, texts
from tests.lab import Preloaded, command, environment, write
from tests.reports.page_results import two_data_sets
from tests.run_folders import finished_run, unfinished_run
from tests.serving.served import serving

pytestmark = pytest.mark.thorough
PATIENCE = 120


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Finished runs on two data sets, and one run that is running for as long as the test does."""
    monkeypatch.setattr(site, "PAUSE", 0.1)
    folder = two_data_sets(tmp_path).parent
    running = unfinished_run(folder, "ablation/batch_64", epochs=2, planned=10)
    with lock.locked(running.path):
        yield folder


@pytest.fixture
def page(browser, results):
    """The page; complaints in the console fail the test."""
    looked_at(browser, width=1400)
    with serving(results) as server:
        browser.get(server.url)
        eventually(browser, lambda: points(browser))
        browser.get_log("browser")
        yield browser
        assert browser.get_log("browser") == []
        browser.get("about:blank")


def eventually(page, what):
    return WebDriverWait(page, PATIENCE).until(lambda _: what())


def points(page):
    """The number of epochs in the first curve of the running runs."""
    return page.execute_script("return document.querySelector('#progress .chart polyline')?.points.length")


def names(page):
    return texts(page, "#part-1-experiments tbody th")


def test_the_curves_of_a_running_run_grow(page, results):
    assert points(page) == 2
    [folder] = (results / "ablation" / "batch_64").iterdir()
    record = json.loads((folder / "history.jsonl").read_text().splitlines()[-1])
    with (folder / "history.jsonl").open("a") as file:
        file.write(json.dumps(record | {"epoch": 3}) + "\n")
    eventually(page, lambda: points(page) == 3)
    assert "epoch 3 of 10" in find(page, "#progress summary .changed").text


def test_a_result_joins_the_page_and_its_reader_is_left_alone(page, results):
    opened = find(page, "[id='experiment-ablation-nodes_256']")
    opened.find_element(By.TAG_NAME, "summary").click()
    find(page, "#part-1-experiments thead th.number button").click()
    field = find(page, "#part-1 input[type=search]")
    field.send_keys("ablation")
    assert names(page) == ["nodes_1024", "nodes_256", "no_relu"]
    page.execute_script("arguments[0].scrollIntoView()", field)
    top = page.execute_script("return arguments[0].getBoundingClientRect().top", field)
    finished_run(results, "ablation/single_layer_512", test=0.97)
    eventually(page, lambda: "single_layer_512" in names(page))
    assert names(page) == ["nodes_1024", "nodes_256", "single_layer_512", "no_relu"]
    assert [each.text for each in page.find_elements(By.CSS_SELECTOR, "[aria-sort=descending]")] == ["Test"]
    assert find(page, "#part-1 output").text == "4 of 5 experiments"
    assert (field.get_attribute("value"), page.switch_to.active_element) == ("ablation", field)
    assert opened.get_attribute("open")
    assert abs(page.execute_script("return arguments[0].getBoundingClientRect().top", field) - top) <= 1
    assert "6 experiments" in find(page, ".facts").text


def test_what_is_closed_stays_closed_and_what_is_new_works_as_the_rest(page, results):
    find(page, "#progress summary").click()
    finished_run(results, "ablation/single_layer_512", test=0.97)
    eventually(page, lambda: page.find_elements(By.CSS_SELECTOR, "[id='experiment-ablation-single_layer_512']"))
    assert not find(page, "#progress details").get_attribute("open")
    find(page, "#part-1-experiments a[href='#experiment-ablation-single_layer_512']").click()
    drawn = "[id='experiment-ablation-single_layer_512'] .chart"
    assert len(eventually(page, lambda: page.find_elements(By.CSS_SELECTOR, drawn))) == 2
    assert find(page, "[id='experiment-ablation-single_layer_512'] .copy").is_displayed()


def test_the_files_of_a_run_are_one_click_away(page, results):
    find(page, "#part-1 [id='experiment-mlp_512'] summary").click()
    find(page, "#part-1 [id='experiment-mlp_512'] .folder a").click()
    assert "config.yaml" in texts(page, "tbody a")
    find(page, ".maker a").click()
    eventually(page, lambda: points(page) == 2)


def test_a_stopped_server_is_reported_until_it_is_back(browser, results):
    def started(port):
        words = command("serve", results, "--port", port)
        return Preloaded(words, cwd=results, env=environment(), stdout=subprocess.PIPE, text=True)

    with started(0) as process:
        port = re.search(r":([0-9]+)/", process.stdout.readline())[1]
        browser.get(f"http://127.0.0.1:{port}/")
        eventually(browser, lambda: points(browser))
        process.terminate()
    eventually(browser, lambda: "The server does not respond." in find(browser, "#connection").text)
    with started(port) as process:
        eventually(browser, lambda: not find(browser, "#connection").is_displayed())
        process.terminate()
    browser.get("about:blank")


@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_is_no_wider_than_the_screen(page, width):
    looked_at(page, width=width)
    assert beyond_the_screen(page) == 0


SWEEP = "data: {dataset: digits, subset: 400, test_subset: 100}\nmodel: {kind: mlp, nodes: [8]}\ntrain: {epochs: %d}\n"


def test_a_sweep_is_followed_from_its_queue_to_its_end(browser, tmp_path):
    looked_at(browser, width=1400)
    for name, epochs in (("endless", 1_000_000), ("first", 2), ("second", 3)):
        write(tmp_path / "configs" / "small" / f"{name}.yaml", SWEEP % epochs)
    (tmp_path / "results").mkdir()
    words = command("sweep", "configs/small", "--jobs", 2, "--quiet")
    with serving(tmp_path / "results") as server:
        browser.get(server.url)
        assert "No runs yet." in find(browser, "#progress").text
        with Preloaded(words, cwd=tmp_path, env=environment(), start_new_session=True) as sweep:
            try:
                eventually(browser, lambda: texts(browser, ".sweep h3") == ["Sweep small"])
                eventually(browser, lambda: {"first", "second"} <= set(names(browser)))
                eventually(browser, lambda: (points(browser) or 0) > 2)
                assert "2 of 3 runs done" in find(browser, ".sweep .state").text
                assert browser.title.startswith("2/3 · results")
                assert texts(browser, "#running") == ["Running 1"]
            finally:
                os.killpg(sweep.pid, signal.SIGINT)
            sweep.wait(PATIENCE)
        eventually(browser, lambda: not browser.find_elements(By.CSS_SELECTOR, ".sweep"))
        eventually(browser, lambda: any("endless" in text for text in texts(browser, "#progress li")))
        assert texts(browser, "#progress h3") == ["Interrupted 1"]
    browser.get("about:blank")
