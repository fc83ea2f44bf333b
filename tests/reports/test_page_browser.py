"""The page in a real browser, Chromium: what works with mouse and keyboard, how it looks, that it makes no requests."""

from itertools import pairwise

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from mnist_lab.reports import write_page
from tests.browser import beyond_the_screen, contrast, find, is_dark, looked_at, luminance, requested, texts
from tests.reports.page_results import compared, mistakes, two_data_sets
from tests.run_folders import finished_run

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return two_data_sets(tmp_path_factory.mktemp("results")).as_uri()


def names(page):
    return texts(page, "#part-1-experiments tbody th")


def heading(page, name):
    return next(th for th in page.find_elements(By.CSS_SELECTOR, "#part-1-experiments thead th") if th.text == name)


def column(page, name):
    at = page.execute_script("return arguments[0].cellIndex", heading(page, name)) + 1
    return texts(page, f"#part-1-experiments tbody tr > :nth-child({at})")


def numbers(page, name):
    return [float(text.split(" ")[0].replace(",", "")) for text in column(page, name) if text]


def experiment(page, name):
    return find(page, f"[id='experiment-{name}']")


def test_the_page_makes_no_requests_and_the_console_stays_empty(browser, address):
    opening = "for (const each of document.querySelectorAll('details')) each.open = true"
    assert requested(browser, address, opening) == []
    assert browser.get_log("browser") == []


def test_a_script_in_a_description_is_text(page):
    assert page.title == "results · mnist-lab report"
    assert page.execute_script("return window.intruded") is None
    experiment(page, "ablation-no_relu").find_element(By.TAG_NAME, "summary").click()
    assert "<script>window.intruded = 1</script>" in find(page, "[id='experiment-ablation-no_relu'] .description").text


def test_a_heading_sorts_by_number_and_again_the_other_way_round(page):
    before = names(page)
    button = heading(page, "Parameters").find_element(By.TAG_NAME, "button")
    button.click()
    assert numbers(page, "Parameters") == sorted(numbers(page, "Parameters"), reverse=True)
    assert heading(page, "Parameters").get_attribute("aria-sort") == "descending"
    button.click()
    assert numbers(page, "Parameters") == sorted(numbers(page, "Parameters"))
    assert heading(page, "Parameters").get_attribute("aria-sort") == "ascending"
    assert names(page) != before
    assert sorted(names(page)) == sorted(before)


def test_times_sort_as_times_and_names_as_names(page):
    heading(page, "Time").find_element(By.TAG_NAME, "button").click()
    assert column(page, "Time") == ["2 min 00 s", "10.0 s", "10.0 s", "9.0 s"]
    heading(page, "Experiment").find_element(By.TAG_NAME, "button").click()
    assert names(page) == ["mlp_512", "no_relu", "nodes_256", "nodes_1024"]
    assert heading(page, "Time").get_attribute("aria-sort") == "none"


def test_what_has_no_number_stays_last(page):
    button = heading(page, "Published test").find_element(By.TAG_NAME, "button")
    for _ in range(2):
        button.click()
        cells = column(page, "Published test")
        assert [bool(cell) for cell in cells] == sorted((bool(cell) for cell in cells), reverse=True)


def test_the_filter_keeps_rows_with_all_of_its_words_and_the_runs_that_belong_to_them(page):
    field = find(page, "#part-1 input[type=search]")
    field.send_keys("NODES -> 1024")
    assert names(page) == ["nodes_1024"]
    assert texts(page, "#part-1 summary .name") == ["ablation/nodes_1024"]
    assert find(page, "#part-1 output").text == "1 of 4 experiments"
    assert len(texts(page, "#part-2 tbody th")) >= 1
    field.send_keys(Keys.CONTROL, "a", Keys.DELETE)
    assert len(names(page)) == 4


def test_the_keyboard_reaches_and_sorts_filters_and_opens(page):
    def tab_to(selector):
        for _ in range(60):
            page.switch_to.active_element.send_keys(Keys.TAB)
            if page.switch_to.active_element in page.find_elements(By.CSS_SELECTOR, selector):
                return page.switch_to.active_element
        pytest.fail(f"the Tab key did not reach {selector}")

    tab_to(".skip")
    tab_to("#part-1 input[type=search]").send_keys("ablation")
    at = page.execute_script("return arguments[0].cellIndex", heading(page, "Test")) + 1
    button = tab_to(f"#part-1-experiments thead th:nth-child({at}) button")
    assert button.value_of_css_property("outline-style") == "solid"
    button.send_keys(Keys.ENTER)
    assert heading(page, "Test").get_attribute("aria-sort") == "descending"
    assert heading(page, "Test").get_attribute("aria-sort") == "descending"
    assert len(column(page, "Test")) == 3
    tab_to("#part-1-experiments tbody a").send_keys(Keys.ENTER)
    assert experiment(page, "ablation-nodes_1024").get_attribute("open")
    assert page.switch_to.active_element == find(page, "[id='experiment-ablation-nodes_1024'] summary")
    page.switch_to.active_element.send_keys(Keys.SPACE)
    assert not experiment(page, "ablation-nodes_1024").get_attribute("open")


def test_an_address_with_a_name_in_it_shows_that_experiment(page, address):
    page.get("about:blank")
    page.get(f"{address}#experiment-ablation-nodes_256")
    assert experiment(page, "ablation-nodes_256").get_attribute("open")
    assert not experiment(page, "mlp_512").get_attribute("open")


def test_a_link_into_what_the_filter_hides_clears_it(page):
    field = find(page, "#part-1 input[type=search]")
    field.send_keys("1024")
    assert names(page) == ["nodes_1024"]
    link = find(page, "#part-1 .answers a[href='#experiment-ablation-no_relu']")
    link.send_keys(Keys.ENTER)
    opened = experiment(page, "ablation-no_relu")
    WebDriverWait(page, 5).until(lambda _: opened.is_displayed() and opened.get_attribute("open"))
    assert page.switch_to.active_element == opened.find_element(By.TAG_NAME, "summary")
    assert (field.get_attribute("value"), len(names(page))) == ("", 4)
    assert find(page, "#part-1 output").text == "4 experiments"


def test_experiments_may_be_called_as_parts_of_the_page_are(browser, tmp_path):
    called = ["curves", "main", "part-1", "reading"]
    for name in called:
        config = {"name": name, "data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [16]}}
        finished_run(tmp_path, config)
    looked_at(browser, width=1400)
    browser.get(write_page(tmp_path, compared(tmp_path)).as_uri())
    assert names(browser) == called
    for name in called:
        find(browser, f"#part-1-experiments a[href='#experiment-{name}']").click()
        drawn = f"#experiment-{name} .chart"
        assert len(WebDriverWait(browser, 5).until(lambda _, drawn=drawn: texts(browser, drawn))) == 2
    assert browser.get_log("browser") == []


def test_all_experiments_open_and_close_at_once(page):
    find(page, "#part-1 [data-fold=open]").click()
    assert len(texts(page, "#part-1 .inside")) == 4
    assert len(texts(page, "#part-2 .inside")) == 0
    find(page, "#part-1 [data-fold='']").click()
    assert len(texts(page, "#part-1 .inside")) == 0


def test_the_overview_figures_are_drawn_and_name_the_experiments(page):
    for number in (1, 2):
        figures = page.find_elements(By.CSS_SELECTOR, f"#part-1 .figures figure:nth-child({number}) > svg")
        assert [svg.size["height"] > 250 and svg.size["width"] > 500 for svg in figures] == [True]
        assert {"mlp_512", "nodes_256", "nodes_1024", "no_relu"} <= {
            word for text in texts(page, f"#part-1 .figures figure:nth-child({number}) text") for word in text.split()
        }


def test_the_curves_of_a_run_rise_and_fall_as_its_history_does(page):
    experiment(page, "mlp_512").find_element(By.TAG_NAME, "summary").click()
    drawn = WebDriverWait(page, 10).until(lambda _: page.find_elements(By.CSS_SELECTOR, "#experiment-mlp_512 .chart"))
    lines = page.execute_script(
        """
        return arguments[0].map((chart) =>
            [...chart.querySelectorAll("polyline")].map((line) => [...line.points].map((point) => point.y)))""",
        drawn,
    )
    accuracy, loss = lines
    assert len(accuracy) == len(loss) == 2 * 6
    assert all(len(line) == 3 for line in accuracy + loss)
    assert all(above > below for line in accuracy for above, below in pairwise(line))
    assert all(above < below for line in loss for above, below in pairwise(line))
    captions = [" ".join(text.split()) for text in texts(page, "#experiment-mlp_512 .chart figcaption")]
    assert captions[0] == "Accuracy (log-error scale) last epoch: training 0.9900 validation 0.9800"
    assert captions[1].startswith("Loss (log scale) last epoch: training")


def test_on_a_phone_long_names_stay_within_their_boxes(browser, tmp_path):
    name = "augmented_cnn/rotate20_by_random_angles_100_epochs"
    config = {"name": name, "data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [16]}}
    finished_run(tmp_path, config)
    looked_at(browser, width=360)
    browser.get(write_page(tmp_path, compared(tmp_path)).as_uri())
    assert beyond_the_screen(browser) == 0
    arrow, words = browser.execute_script(
        """
        const name = document.querySelector("summary .name");
        const range = document.createRange();
        range.selectNodeContents(name);
        return [name.getBoundingClientRect().top, range.getClientRects()[0].top]"""
    )
    assert abs(arrow - words) < 8  # on one line


def test_the_mistakes_are_counted_and_shown(page):
    experiment(page, "mlp_512").find_element(By.TAG_NAME, "summary").click()
    rows = [row.split() for row in texts(page, "#experiment-mlp_512 .matrix tbody tr")]
    assert rows[4] == ["4", *[str(len(mistakes()))], str(len(mistakes()))]
    picture = find(page, "#experiment-mlp_512 .mistakes")
    page.execute_script("arguments[0].scrollIntoView()", picture)
    assert page.execute_script("return arguments[0].decode().then(() => arguments[0].naturalWidth)", picture) == 30


CLIPBOARD = """
    const writeText = async (text) => { window.given = text; if (arguments[0]) throw new Error("not from here"); };
    Object.defineProperty(navigator, "clipboard", { value: { writeText } })"""


@pytest.mark.parametrize(("refused", "said"), [(False, "Copied"), (True, "Selected")])
def test_the_command_that_repeats_a_run_is_copied_or_at_least_selected(page, refused, said):
    page.execute_script(CLIPBOARD, refused)
    experiment(page, "ablation-nodes_256").find_element(By.TAG_NAME, "summary").click()
    button = find(page, "[id='experiment-ablation-nodes_256'] .copy")
    assert button.accessible_name == "Copy the command that reproduces seed 1"
    button.click()
    WebDriverWait(page, 5).until(lambda _: button.text == said)
    command = find(page, "[id='experiment-ablation-nodes_256'] .command code").text
    assert command.startswith("mnist-lab reproduce ablation/nodes_256/seed1-")
    assert page.execute_script("return window.given") == command
    assert page.execute_script("return getSelection().toString()") == (command if refused else "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(page, scheme):
    looked_at(page, width=1400, scheme=scheme)
    selectors = [
        "body",
        ".facts",
        ".verdict h4",
        ".verdict a",
        ".verdict .why",
        "caption",
        "thead button",
        ".experiments a",
    ]
    seen = {selector: contrast(page, selector) for selector in selectors}
    seen["figure"] = contrast(page, "figure text", "fill")
    assert {selector: ratio for selector, ratio in seen.items() if ratio < 4.5} == {}  # WCAG 2.2, 1.4.3
    assert is_dark(page) == (scheme == "dark")


@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_is_no_wider_than_the_screen(page, width):
    page.execute_script("for (const each of document.querySelectorAll('details')) each.open = true")
    looked_at(page, width=width)
    assert beyond_the_screen(page) == 0
    curves = page.execute_async_script("""
        const done = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(() =>
            done(Math.max(...[...document.querySelectorAll(".chart svg")].map((svg) => svg.clientWidth)))))""")
    assert 200 < curves < width


def test_on_paper_nothing_is_cut_off_and_nothing_is_dark(page):
    page.execute_script("document.getElementById('experiment-mlp_512').open = true")
    looked_at(page, width=1030, scheme="dark", media="print")
    beyond = page.execute_script("""
        return [...document.querySelectorAll("table, pre, svg, img")]
            .filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.className)""")
    assert beyond == []
    assert texts(page, ".tools") == []
    assert texts(page, ".experiment .name") == ["mlp_512"]
    assert luminance(page.execute_script("return getComputedStyle(document.body).color")) < 0.1
