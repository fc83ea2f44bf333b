"""The page of a search in a real browser, Chromium."""

import pytest
from selenium.webdriver.common.by import By

from mnist_lab.search.presentation import write_search
from tests.browser import beyond_the_screen, contrast, find, looked_at, requested, texts
from tests.search.records import of_accuracy

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return write_search(tmp_path_factory.mktemp("search"), of_accuracy())[0].as_uri()


def cells(page, heading):
    headings = [th.text for th in page.find_elements(By.CSS_SELECTOR, "#all-trials thead th")]
    return texts(page, f"#all-trials tbody tr > :nth-child({headings.index(heading) + 1})")


def test_the_page_makes_no_requests(browser, address):
    assert requested(browser, address) == []


def test_the_first_screen_has_the_best_the_verdict_the_number_of_trials_and_the_optimism(page):
    shown = page.execute_script("""
        return [...document.querySelectorAll("main p, main li")].filter((each) => {
          const box = each.getBoundingClientRect();
          return box.height && box.bottom <= 900;
        }).map((each) => each.textContent).join("\\n")""")
    for said in (f"Trial {of_accuracy().best} is the best", "mean test accuracy of", "27 trials:", "by 0.16 pp"):
        assert said in shown


def test_a_heading_sorts_the_trials_by_number(page):
    heading = page.find_elements(By.CSS_SELECTOR, "#all-trials thead th button")[3]
    heading.click()
    rates = [float(cell) for cell in cells(page, "Learning rate")]
    assert rates == sorted(rates, reverse=True)


def test_the_filter_keeps_the_trials_with_all_of_its_words(page):
    find(page, ".numbers input").send_keys("512, 512")
    expected = [trial for trial in of_accuracy().trials if trial.reached and trial.values["model.nodes"] == "512-512"]
    assert cells(page, "Nodes per hidden layer") == ["512, 512"] * len(expected)
    assert find(page, ".numbers output").text == f"{len(expected)} of 26 trials"


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_makes_the_page_wider_than_the_screen(page, width):
    looked_at(page, width=width)
    assert beyond_the_screen(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_by_day_and_by_night(page, scheme):
    looked_at(page, width=1400, scheme=scheme)
    for selector in (".lead", ".notes li", ".changed", ".legend", ".verdict .points", "#all-trials td", "dt"):
        assert contrast(page, selector) >= 4.5
