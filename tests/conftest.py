"""What all tests share: Keras on TensorFlow in this process, quietly, no data set of the user's, and no deadlines.

MNIST_LAB_TEST_BACKEND=jax runs tests on another backend, for which those are meant that are marked `every_backend`.
MNIST_LAB_THOROUGH=1 adds those that are marked `thorough`, as continuous integration does.
"""

import os
import signal

from hypothesis import settings

BACKEND = os.environ.get("MNIST_LAB_TEST_BACKEND", "tensorflow")
os.environ |= {"KERAS_BACKEND": BACKEND, "TF_CPP_MIN_LOG_LEVEL": "3"}
if BACKEND != "tensorflow":
    from mnist_lab import backends

    backends.start(BACKEND, device="cpu")  # or Keras would import TensorFlow, too, for nothing

# A shell's background jobs ignore Ctrl-C, and so would the processes whose Ctrl-C is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure. What continuous integration says does not depend on chance, and it tries more examples.
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
