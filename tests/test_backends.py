"""Which backend a network gets."""

import pytest

from mnist_lab import backends
from mnist_lab.config.document import frozen
from mnist_lab.config.layers import Cnn, Mlp
from mnist_lab.errors import SetupError

EVERY = ["tensorflow", "jax", "torch"]


@pytest.fixture
def there(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)

    def install(*names):
        monkeypatch.setattr(backends, "installed", lambda: list(names))

    return install


def test_without_a_word_it_is_the_first_one_installed(there):
    there("jax", "torch")
    assert backends.choose(None) == "jax"


def test_a_request_beats_the_environment(there, monkeypatch):
    there(*EVERY)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert (backends.choose(None), backends.choose("torch")) == ("jax", "torch")


@pytest.mark.parametrize(
    ("convolves", "device", "expected"),
    [(False, "auto", "jax"), (False, "cpu", "jax"), (True, "cpu", "tensorflow"), (True, "gpu", "jax")],
)
def test_auto_is_the_fastest_for_the_network_and_the_device(there, convolves, device, expected):
    there(*EVERY)
    assert backends.choose("auto", convolves=convolves, device=device) == expected


def test_auto_takes_what_is_installed(there):
    there("torch")
    assert backends.choose("auto") == "torch"


@pytest.mark.parametrize("requested", [None, "auto", "jax"])
def test_without_any_backend_it_says_how_to_install_one(there, requested):
    there()
    with pytest.raises(SetupError, match="No Keras backend is installed"):
        backends.choose(requested)


def test_a_network_convolves_where_a_layer_of_it_does_even_inside_a_block():
    inner = {"residual": {"layers": [{"conv": {"filters": 1, "padding": "same"}}]}}
    end = ["flatten", {"dense": {"units": "classes", "activation": "softmax"}}]
    assert Cnn.model_validate(frozen({"kind": "cnn", "layers": [inner, *end]})).convolves
    assert not Cnn.model_validate(frozen({"kind": "cnn", "layers": [{"max_pool": 2}, *end]})).convolves
    assert not Mlp(kind="mlp", nodes=(4,)).convolves
