"""Which backend a network gets, and that the most important tests pass on each."""

import subprocess
import sys
from contextlib import ExitStack

import keras
import numpy as np
import pytest

from mnist_lab import backends
from mnist_lab.backends import choice, keras_import
from mnist_lab.config.document import frozen
from mnist_lab.config.layers import Cnn, Mlp
from mnist_lab.errors import SetupError
from mnist_lab.system.hardware import processors
from tests.lab import ROOT, environment, finish

EVERY = ["tensorflow", "jax", "torch"]


@pytest.fixture
def there(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    def install(*names):
        monkeypatch.setattr(choice, "installed", lambda: list(names))

    return install


def test_without_a_request_it_is_the_first_installed_backend(there):
    there("jax", "torch")
    assert backends.choose(None) == "jax"


def test_a_request_beats_the_environment(there, monkeypatch):
    there(*EVERY)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert (backends.choose(None), backends.choose("torch")) == ("jax", "torch")


CASES = {
    "a dense net on a CPU": (False, "auto", False, "jax"),
    "convolutions on a CPU": (True, "auto", False, "tensorflow"),
    "convolutions on a GPU that JAX can use": (True, "gpu", True, "jax"),
    "a dense net on a GPU that JAX cannot use": (False, "gpu", False, "tensorflow"),
}


@pytest.mark.parametrize(("convolves", "device", "plugin", "expected"), CASES.values(), ids=CASES)
def test_auto_is_the_fastest_for_the_network_and_the_device(there, monkeypatch, convolves, device, plugin, expected):
    there(*EVERY)
    monkeypatch.setattr(choice, "find_spec", lambda name: name if plugin else None)
    assert backends.choose("auto", convolves=convolves, device=device) == expected


def test_auto_finds_a_gpu_if_there_is_one(there, monkeypatch):
    there(*EVERY)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(choice, "find_spec", lambda name: name)
    assert backends.choose("auto", convolves=True) == "jax"
    assert backends.choose("auto", convolves=True, device="cpu") == "tensorflow"


def test_auto_uses_what_is_installed(there):
    there("torch")
    assert backends.choose("auto") == "torch"


@pytest.mark.parametrize("requested", [None, "auto", "jax"])
def test_without_any_backend_it_says_how_to_install_one(there, requested):
    there()
    with pytest.raises(SetupError, match="No Keras backend is installed"):
        backends.choose(requested)


def test_an_unknown_backend_is_refused_by_what_asked_for_it(there, monkeypatch):
    there(*EVERY)
    with pytest.raises(SetupError, match=r"^backend: expected one of tensorflow, jax, torch, auto, received 'theano'"):
        backends.choose("theano")
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    with pytest.raises(SetupError, match=r"^KERAS_BACKEND: expected one of tensorflow, jax, torch, received 'theano'"):
        backends.choose(None)


def test_a_network_convolves_if_one_of_its_layers_does_even_inside_a_block():
    inner = {"residual": {"layers": [{"conv": {"filters": 1, "padding": "same"}}]}}
    end = ["flatten", {"dense": {"units": "classes", "activation": "softmax"}}]
    assert Cnn.model_validate(frozen({"kind": "cnn", "layers": [inner, *end]})).convolves
    assert not Cnn.model_validate(frozen({"kind": "cnn", "layers": [{"max_pool": 2}, *end]})).convolves
    assert not Mlp(kind="mlp", nodes=(4,)).convolves


@pytest.mark.thorough
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_tests_marked_every_backend_pass_on_the_other_installed_backends(backend):
    if backend not in backends.installed():
        pytest.skip(f"{backend} is not installed")
    chosen = ["-m", "every_backend", "tests/augmentation", "tests/experiment", "tests/training"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *chosen],
        cwd=ROOT, env=environment(MNIST_LAB_TEST_BACKEND=backend), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def said(*lines, **variables):
    """The output of a process that executes these lines."""
    return finish(
        [sys.executable, "-c", "\n".join(["import os", "from mnist_lab import backends", *lines])], ROOT, **variables
    ).text


def test_garbage_collection_is_enabled_again_after_the_import_unless_it_was_disabled_before():
    start, enabled = "backends.start('jax')", "print(gc.isenabled())"
    assert said("import gc", start, enabled) == "True\n"
    assert said("import gc", "gc.disable()", start, enabled) == "False\n"


@pytest.mark.skipif(len(processors()) < 2, reason="takes two processors")
def test_threads_that_are_in_use_are_not_reported_as_fewer():
    one, every = "print(backends.start('jax', threads=1).threads)", "print(backends.start('jax').threads)"
    assert said(one, every, one) == "1\n1\n1\n"
    assert "threads; it cannot reduce them to 1." in said(every, one)


@pytest.mark.skipif(len(processors()) < 2, reason="takes two processors")
def test_single_threaded_processes_that_start_together_use_different_processors(tmp_path):
    code = "import os\nfrom mnist_lab import backends\nfrom mnist_lab.system import scratch\n"
    code += "scratch.own_process()\nbackends.start('jax', threads=1)\n"  # as the command line does
    code += "print(*os.sched_getaffinity(0), flush=True)\ninput()"
    with ExitStack() as ended:
        started = [
            ended.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code], cwd=ROOT, env=environment(TMPDIR=str(tmp_path)), text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                )
            )
            for _ in range(2)
        ]  # fmt: skip
        assert len({process.stdout.readline() for process in started}) == 2
        for process in started:
            process.communicate("\n", timeout=60)


def test_a_gpu_that_is_in_use_is_not_reported_as_the_cpu():
    text = said("backends.startup._cards = lambda _: ['gpu:0']", "backends.start('jax', device='cpu')")
    assert "already uses Keras on gpu:0; it cannot switch to the CPU" in text


def test_settings_that_a_user_made_for_other_programs_do_not_apply_to_keras(tmp_path):
    (tmp_path / "keras.json").write_text('{"floatx": "int8", "epsilon": 1, "image_data_format": "sideways"}')
    (tmp_path / "stylelib").mkdir()
    (tmp_path / "stylelib" / "mine.mplstyle").write_bytes(b"\xff")
    text = said(
        "before = dict(os.environ)",
        "backends.start('jax', device='cpu')",
        "from keras import config",
        "print(config.floatx(), config.epsilon(), config.image_data_format(), config.max_epochs())",
        "print({name for name, value in before.items() if os.environ.get(name) != value})",
        KERAS_HOME=str(tmp_path), KERAS_NNX_ENABLED="true", KERAS_MAX_EPOCHS="some",
        MPLBACKEND="module://a_notebook.backend", MPLCONFIGDIR=str(tmp_path), JAX_PLATFORMS="cpu",
        CUDA_VISIBLE_DEVICES="-1",
    )  # fmt: skip
    assert text == "float32 1e-07 channels_last None\nset()\n"


HARMLESS = {
    "{}": True,
    '{"floatx": "float32", "epsilon": 1e-07, "backend": "torch", "image_data_format": "channels_last"}': True,
    '{"epsilon": 1e-6}': False,
    '{"image_data_format": null}': False,
    '{"nnx_enabled": true}': False,
    "[]": False,
    "{": False,
}


@pytest.mark.parametrize(("settings", "harmless"), HARMLESS.items())
def test_keras_reads_its_settings_file_if_that_changes_nothing(settings, harmless, tmp_path):
    (tmp_path / "keras.json").write_text(settings)
    assert keras_import._harmless(tmp_path / "keras.json") == harmless


def test_a_second_network_causes_no_warning(caplog):
    backends.start(keras.backend.backend())
    for units in range(1, 8):
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)]).predict(np.zeros((1, 2)), verbose=0)
    assert not caplog.records
