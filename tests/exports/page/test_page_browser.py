"""The page in a real browser: its networks compared with Keras, its preparation with Python's, and drawing by hand."""

import math
from typing import get_args

import keras
import numpy as np
import pytest
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mnist_lab.config.layers import Activation
from mnist_lab.datasets import centring
from mnist_lab.exports.export import plan
from mnist_lab.exports.page.field import Field
from mnist_lab.exports.page.packing import Packed, Step
from mnist_lab.exports.page.writer import Shown, html
from mnist_lab.exports.trained import Trained
from mnist_lab.runs import load_run
from tests.browser import chromium, contrast, find, looked_at, luminance, requested, texts
from tests.exports.networks import END, NETWORKS, network
from tests.exports.untrained import untrained
from tests.lab import good, run_folder, write

pytestmark = pytest.mark.thorough

IMAGES = 200
ACTIVATIONS = sorted({keras.activations.serialize(keras.activations.get(name)) for name in get_args(Activation)})
CONV = {"conv": {"filters": 8, "activation": "relu"}}
KINDS = {
    "mlp": {"kind": "mlp", "nodes": [64, 32], "activation": "tanh"},
    "cnn": {"kind": "cnn", "layers": [CONV, {"max_pool": 2}, CONV, {"max_pool": 2}, *END]},
    "batch_norm": {"kind": "cnn", "layers": [CONV, "batch_norm", {"max_pool": 2}, CONV, "batch_norm", *END]},
    "residual": {
        "kind": "cnn",
        "layers": [CONV, {"residual": {"layers": [{"conv": {"filters": 16, "strides": 2, "padding": "same"}}]}}, *END],
    },
    "separable": {"kind": "cnn", "layers": [CONV, {"separable_conv": {"filters": 12, "depth_multiplier": 2}}, *END]},
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


def answers(browser, address, images):
    """The answers of each network of a page to images (n, height, width, channels): (networks, n, classes)."""
    browser.get(address)
    script = "return networks.map(({ network }) => arguments[0].map((image) => [...network.probabilities(image)]))"
    return np.asarray(browser.execute_script(script, images.reshape(len(images), -1).tolist()))


def side_by_side(folder, runs):
    [export] = plan(runs, "html", output=folder / "page.html")
    return export.write().path.as_uri()


def by_keras(run):
    network = Trained(run)
    return keras.ops.convert_to_numpy(network.model(network.expected.images, training=False))


@pytest.fixture(scope="module")
def kinds(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    data = {"dataset": "digits"}
    runs = {
        name: untrained(folder, {"data": data, "model": model, "experiment": name}, test_rows=IMAGES)
        for name, model in KINDS.items()
    }
    images = Trained(runs["mlp"]).expected.images
    found = answers(browser, side_by_side(folder, list(runs.values())), images)
    return {name: (answer, by_keras(runs[name])) for name, answer in zip(KINDS, found, strict=True)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_answers_as_keras_does_on_200_test_images(kinds, kind):
    found, expected = kinds[kind]
    assert found.shape == (IMAGES, 10)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.fixture(scope="module")
def vocabulary(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    runs = [
        untrained(folder, network([*layers, *END]) | {"experiment": name}, test_rows=20)
        for name, layers in NETWORKS.items()
    ]
    found = answers(browser, side_by_side(folder, runs), Trained(runs[0]).expected.images)
    return {name: (answer, by_keras(run)) for name, answer, run in zip(NETWORKS, found, runs, strict=True)}


@pytest.mark.parametrize("layer", NETWORKS)
def test_a_network_with_this_layer_answers_as_keras_does(vocabulary, layer):
    found, expected = vocabulary[layer]
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.fixture(scope="module")
def activated(browser, tmp_path_factory):
    """The values of each activation function for rows of numbers, in a browser."""
    file = tmp_path_factory.mktemp("activations") / "page.html"
    steps = {name: Step("activation", (5, 10, 1, 6), {"function": name}, of=(0,)) for name in ACTIVATIONS}
    shown = [Shown(name, "", Packed((5, 10, 1, 6), (step,))) for name, step in steps.items()]
    field = Field((5, 10), tuple("0123456789"), "mnist", dark_on_light=False, titles=("numbers",))
    file.write_text(html(field, shown))
    rows = np.random.default_rng(0).uniform(-9, 9, (1, 5, 10, 1, 6)).astype(np.float32)
    return rows, dict(zip(ACTIVATIONS, answers(browser, file.as_uri(), rows), strict=True))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_function_returns_what_that_of_keras_returns(activated, name):
    rows, found = activated
    expected = keras.ops.convert_to_numpy(keras.activations.get(name)(rows))
    np.testing.assert_allclose(found[name].reshape(expected.shape), expected, rtol=1e-5, atol=1e-6)


# Drawing.


def circle(x, y, radius, points=24):
    turns = np.linspace(0, 2 * math.pi, points)
    return [(x + 0.75 * radius * math.sin(turn), y - radius * math.cos(turn)) for turn in turns]


ZERO = circle(0.5, 0.5, 0.3)
SIX = [
    (0.58, 0.2),
    (0.48, 0.28),
    (0.4, 0.44),
    (0.36, 0.62),
    (0.4, 0.76),
    (0.5, 0.8),
    (0.6, 0.74),
    (0.61, 0.63),
    (0.53, 0.56),
    (0.38, 0.66),
]
SEVEN = [(0.32, 0.25), (0.5, 0.25), (0.68, 0.24), (0.58, 0.5), (0.46, 0.8)], [(0.4, 0.52), (0.66, 0.5)]
ONE = [(0.5, 0.2), (0.49, 0.5), (0.48, 0.8)]


def draw(page, *strokes):
    """Draw strokes of points with the mouse, each point a share of the field's width and height."""
    field = find(page, "#field")
    sides = field.size["width"], field.size["height"]
    actions = ActionBuilder(page, duration=0)
    pointer = actions.pointer_action
    for stroke in strokes:
        for i, point in enumerate(stroke):
            pointer.move_to(field, *(round((share - 0.5) * side) for share, side in zip(point, sides, strict=True)))
            if i == 0:
                pointer.pointer_down()
        pointer.pointer_up()
    actions.perform()


def touch(page, x, y, kind):
    points = [] if kind == "End" else [{"x": x, "y": y}]
    page.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})


def hold_pen(page, x, y, kind):
    kinds = {"Start": "mousePressed", "Move": "mouseMoved", "End": "mouseReleased"}
    event = {"type": kinds[kind], "x": x, "y": y, "button": "left", "buttons": int(kind != "End"), "pointerType": "pen"}
    page.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def settled(page):
    """Wait until the networks have answered all that was drawn."""
    page.set_script_timeout(20)
    page.execute_async_script(
        """
        const done = arguments[0];
        const wait = () => requestAnimationFrame(() =>
            framed || performance.now() < free ? wait() : requestAnimationFrame(() => done()));
        wait();"""
    )


HANDWRITTEN = """\
data: {dataset: digits}
augment: [{rotation: {degrees: 10}}, {zoom: {fraction: 0.1}}]
train: {epochs: 40, batch_size: 32}
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The page of two trained networks."""
    cwd = tmp_path_factory.mktemp("trained")
    for name, nodes in (("plain", 64), ("wide", 128)):
        write(cwd / f"configs/{name}.yaml", HANDWRITTEN + f"model: {{kind: mlp, nodes: [{nodes}]}}\n")
    good("run", "configs/plain.yaml", "configs/wide.yaml", cwd=cwd)
    runs = [load_run(run_folder(cwd / "results" / name)) for name in ("plain", "wide")]
    return side_by_side(cwd, runs)


@pytest.fixture
def page(browser, two):
    looked_at(browser, width=1400)
    browser.get(two)
    browser.get_log("browser")
    settled(browser)
    yield browser
    assert browser.get_log("browser") == []


def labels(page):
    return texts(page, ".answer .label")


@pytest.mark.parametrize(("digit", "strokes"), [("0", [ZERO]), ("6", [SIX]), ("7", SEVEN)])
def test_a_digit_drawn_with_the_mouse_is_recognized(page, digit, strokes):
    draw(page, *strokes)
    settled(page)
    assert labels(page) == [digit, digit]
    assert find(page, "#verdict").text == f"Both say {digit}."
    best = find(page, "#network-0 .bars li.first")
    assert best.text.split()[0] == digit


@pytest.mark.parametrize("hand", [touch, hold_pen])
def test_a_finger_and_a_pen_draw_as_the_mouse_does(page, hand):
    box = find(page, "#field").rect
    places = [(box["x"] + x * box["width"], box["y"] + y * box["width"]) for x, y in ZERO]
    hand(page, *places[0], "Start")
    for place in places:
        hand(page, *place, "Move")
    hand(page, *places[-1], "End")
    settled(page)
    assert labels(page) == ["0", "0"]


def test_without_a_drawing_there_is_no_answer(page):
    assert labels(page) == ["", ""]
    assert not any(share.text for share in page.find_elements(By.CLASS_NAME, "share"))
    assert find(page, "#verdict").text == ""


def test_the_network_sees_what_predict_makes_of_the_same_drawing(page):
    for strokes in ([ZERO], [SIX], SEVEN):
        find(page, "#clear").click()
        draw(page, *strokes)
        settled(page)
        drawn, seen = page.execute_script(
            "const given = picture(); return [given, prepared(given)].map(({ values }) => [...values])"
        )
        side = math.isqrt(len(drawn))
        expected = centring.like_mnist(np.asarray(drawn, np.uint8).reshape(side, side, 1)).pixels[..., 0]
        differences = np.abs(np.asarray(seen).reshape(28, 28) - expected.astype(int))
        assert differences.max() <= 8  # of 255: Pillow 13 may resize the columns first, and paper is not quite white


def test_undo_takes_back_a_stroke_and_then_a_clearing(page):
    draw(page, *SEVEN)
    find(page, "#clear").click()
    settled(page)
    assert labels(page) == ["", ""]
    find(page, "#undo").click()
    settled(page)
    assert page.execute_script("return drawing.strokes.length") == 2
    find(page, "#undo").click()
    assert page.execute_script("return drawing.strokes.length") == 1


def test_the_keyboard_undoes_and_clears(page):
    draw(page, *SEVEN)
    body = find(page, "body")
    body.send_keys(Keys.CONTROL, "z")
    assert page.execute_script("return drawing.strokes.length") == 1
    body.send_keys(Keys.DELETE)
    settled(page)
    assert labels(page) == ["", ""]


def test_it_says_when_an_answer_is_uncertain(page):
    draw(page, [(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)], circle(0.5, 0.5, 0.2))
    settled(page)
    for i in range(2):
        highest = page.execute_script(
            f"return Math.max(...networks[{i}].network.probabilities(prepared(picture()).values))"
        )
        assert bool(find(page, f"#network-{i} .unsure").text) == (highest < 0.8)


@pytest.mark.parametrize(
    ("strokes", "said"),
    [
        ([ONE, [(x + 0.3, y) for x, y in ONE]], "two drawings side by side; the network expects one."),
        ([[(0.5, 0.01), (0.5, 0.6)]], "touches the edge"),
        ([[(0.1, 0.5), (0.9, 0.5)]], "unusually wide"),
    ],
)
def test_a_drawing_that_is_not_a_single_digit_gets_a_warning(page, strokes, said):
    draw(page, *strokes)
    settled(page)
    assert said in find(page, "#doubts").text


def test_the_page_makes_no_requests(browser, two):
    assert requested(browser, two) == []


@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_is_no_wider_than_the_screen(page, width):
    looked_at(page, width=width)
    draw(page, ZERO)
    settled(page)
    beyond = page.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert beyond == 0
    assert find(page, "#field").size["width"] >= 0.75 * min(width, 700)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(page, scheme):
    looked_at(page, width=1400, scheme=scheme)
    draw(page, ZERO)
    settled(page)
    selectors = ["body", "header p", "figcaption", "button", "kbd", ".about", ".answer .label", ".second", ".share"]
    seen = {selector: contrast(page, selector) for selector in selectors}
    assert {selector: ratio for selector, ratio in seen.items() if ratio < 4.5} == {}  # WCAG 2.2, 1.4.3
    paper = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (luminance(paper) < 0.1) == (scheme == "dark")


def test_images_that_are_dark_on_light_are_drawn_dark_on_light(browser, tmp_path):
    steps = (Step("reshape", (12,), of=(0,)), Step("activation", (12,), {"function": "softmax"}, of=(1,)))
    field = Field((4, 3), tuple("abcdefghijkl"), "resize", dark_on_light=True, titles=("letters",))
    file = tmp_path / "page.html"
    file.write_text(html(field, [Shown("tiny", "", Packed((4, 3, 1), steps))]))
    looked_at(browser, width=1400)
    browser.get(file.as_uri())
    draw(browser, [(0.5, 0.1), (0.5, 0.9)])
    settled(browser)
    rows = np.asarray(browser.execute_script("return [...prepared(picture()).values]")).reshape(4, 3)
    assert (rows[:, 1] < rows[:, 0]).all()
    assert rows[0, 0] > 200
