"""How quickly the page of `mnist-lab export --format html` responds to a drawing, by the size of its network.

    python -m benchmarks.drawing        about 20 seconds; needs Chromium and its driver

Weights are random, since time does not depend on them. Prints the time of an answer, from the strokes to the bars, and
that of the network alone: the median, and the shortest, which other programs on the machine affect least.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from mnist_lab.config import load_config
from mnist_lab.exports.page.field import Field
from mnist_lab.exports.page.packing import Packed, pack
from mnist_lab.exports.page.writer import Shown, html

SOFTMAX = {"dense": {"units": "classes", "activation": "softmax"}}
DEEP = [
    {"conv": {"filters": 32, "kernel": 5, "padding": "same", "activation": "relu"}}, {"max_pool": 2},
    {"conv": {"filters": 64, "kernel": 5, "padding": "same", "activation": "relu"}}, {"max_pool": 2},
    "flatten", {"dense": {"units": 1024, "activation": "relu"}}, SOFTMAX,
]  # fmt: skip
"""The network of TensorFlow's tutorial "Deep MNIST for experts", with 3.3 million parameters."""
SMALL = [
    {"conv": {"filters": 8, "activation": "relu"}}, {"max_pool": 2},
    {"conv": {"filters": 16, "activation": "relu"}}, {"max_pool": 2}, "flatten", {"dense": 20}, SOFTMAX,
]  # fmt: skip
NETWORKS: dict[str, Any] = {
    "small MLP": {"kind": "mlp", "nodes": [12]},
    "small CNN": {"kind": "cnn", "layers": SMALL},
    "large MLP": {"kind": "mlp", "nodes": [1600, 1200]},
    "large CNN": {"kind": "cnn", "layers": DEEP},
}
MEASURE = """
    drawing.begin({ x: 0.4, y: 0.2 });
    drawing.extend(Array.from({ length: 200 }, (_, i) => ({ x: 0.4 + 0.2 * Math.sin(i / 30), y: 0.2 + 0.003 * i })));
    const image = prepared(picture()).values;
    const measured = (work) => {
        const times = [];
        for (let i = 0; i < 50; i++) {
            const start = performance.now();
            work();
            times.push(performance.now() - start);
        }
        const sorted = times.slice(10).sort((a, b) => a - b); // the first are slower, as they are not compiled yet
        return [sorted[20], sorted[0]];
    };
    return [...measured(answer), ...measured(() => networks[0].network.probabilities(image))];
"""


@click.command(help=__doc__)
def main() -> None:
    """Measure, then print."""
    click.echo(f"{'':36}{'Answer (ms)':>20}{'Network alone (ms)':>20}")
    click.echo(f"{'Network':<12}{'Weights':>12}{'File (MB)':>12}{'median':>10}{'least':>10}{'median':>10}{'least':>10}")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, model in NETWORKS.items():
            packed = _packed(model)
            file = Path(folder) / "page.html"
            field = Field((28, 28), tuple("0123456789"), "mnist", dark_on_light=False, titles=("MNIST",))
            file.write_text(html(field, [Shown(name, "", packed)]), encoding="utf-8")
            browser.get(file.as_uri())
            times = browser.execute_script(MEASURE)
            size = file.stat().st_size / 1e6
            click.echo(
                f"{name:<12}{packed.numbers().size:>12,}{size:>12.1f}" + "".join(f"{time:>10.1f}" for time in times)
            )


def _packed(model: dict[str, Any]) -> Packed:
    from mnist_lab import models

    config = load_config({"name": "drawing", "data": {"dataset": "mnist"}, "model": model})
    return pack(models.from_config(config, image_shape=(28, 28, 1), classes=10))


@contextmanager
def chromium() -> Iterator[Any]:
    """Run a Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    options.add_argument("--headless")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to run as root with its sandbox
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        yield browser
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
