"""A real browser for tests of pages: Chromium, headless, driven by Selenium.

Without Chromium and its driver these tests are skipped; with MNIST_LAB_BROWSER=required they fail instead.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
)  # fmt: skip
QUIET = (
    "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def chromium(profile: Path) -> Iterator[Any]:
    """A Chromium that keeps what it stores in the folder `profile`."""
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        missing = "chromedriver" if binary else "Chromium"
        say = pytest.fail if os.environ.get("MNIST_LAB_BROWSER") == "required" else pytest.skip
        say(f"{missing} was not found (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which Chromium refuses root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, Service(driver))
    yield browser
    browser.quit()


def looked_at(browser, *, width, scheme="light", media="screen"):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def requested(browser, address, script=""):
    """The addresses other than its own that a page requests while it loads and runs `script`."""
    browser.get_log("performance")
    browser.get(address)
    browser.execute_script(script)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert asked[0] == address
    return [url for url in asked[1:] if not url.startswith("data:")]


def beyond_the_screen(page):
    """By how many pixels the page is wider than the screen."""
    return page.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")


def find(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector)


def texts(page, selector):
    """The text of each visible element."""
    return [element.text for element in page.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]


def contrast(page, selector, ink="color"):
    """The contrast of the first matching element with the first background behind it, as WCAG 2.2 defines it."""
    front, back = page.execute_script(
        """
        const [element, ink] = [document.querySelector(arguments[0]), arguments[1]];
        let behind = element;
        const clear = (each) => /rgba\\(.*, 0\\)/.test(getComputedStyle(each).backgroundColor);
        while (clear(behind)) behind = behind.parentElement;
        return [getComputedStyle(element)[ink], getComputedStyle(behind).backgroundColor]""",
        selector,
        ink,
    )
    low, high = sorted((luminance(front), luminance(back)))
    return (high + 0.05) / (low + 0.05)


def is_dark(page):
    """Whether the background of the page is dark."""
    return luminance(page.execute_script("return getComputedStyle(document.body).backgroundColor")) < 0.1


def luminance(colour):
    """The relative luminance of `rgb(0, 90, 153)`."""
    red, green, blue = (int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
