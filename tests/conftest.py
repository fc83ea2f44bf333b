"""What all tests share: Keras on TensorFlow in this process, quietly, no data sets of the user's, and no deadlines.

MNIST_LAB_TEST_BACKEND=jax runs tests on another backend, which is meant for tests marked `every_backend`.
MNIST_LAB_THOROUGH=1 adds the tests marked `thorough`, as continuous integration does.
"""

import os
import signal

import pytest
from hypothesis import settings

BACKEND = os.environ.get("MNIST_LAB_TEST_BACKEND", "tensorflow")
os.environ |= {"KERAS_BACKEND": BACKEND, "TF_CPP_MIN_LOG_LEVEL": "3"}
if BACKEND != "tensorflow":
    from mnist_lab import backends

    backends.start(BACKEND, device="cpu")  # or Keras would import TensorFlow too, for nothing

# A shell's background jobs ignore Ctrl-C, and so would the processes whose Ctrl-C is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is not a failure. Continuous integration does not depend on chance, and it tries more examples.
settings.register_profile(
    "lab",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    max_examples=int(os.environ.get("MNIST_LAB_EXAMPLES", "10")),
)
settings.load_profile("lab")

THOROUGH = bool(os.environ.get("MNIST_LAB_THOROUGH"))


def pytest_collection_modifyitems(config, items):
    if not THOROUGH:
        slow = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from tests.browser import chromium

    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def page(browser, address):
    """The page, freshly loaded on a screen of 1400 pixels in daylight; complaints in the console fail the test."""
    from tests.browser import looked_at

    looked_at(browser, width=1400)
    browser.get(address)
    browser.get_log("browser")
    yield browser
    assert browser.get_log("browser") == []
