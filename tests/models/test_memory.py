"""A network that is too large for the machine is reported before memory is allocated."""

import keras
import pytest

from mnist_lab import models
from mnist_lab.config.document import frozen
from mnist_lab.config.layers import Cnn, Mlp
from mnist_lab.config.schema import Config, Data
from mnist_lab.errors import TooLargeError
from mnist_lab.models import memory
from mnist_lab.system.hardware import available_memory


def build(model):
    config = Config(data=Data(dataset="any"), model=model)
    return models.from_config(config, image_shape=(28, 28, 1), classes=10)


def test_weights_that_do_not_fit_are_reported_with_the_layer_its_shape_and_both_sizes(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * 10**9)
    with pytest.raises(TooLargeError, match=r"dense.*\(64, 9000000\) need 4\.6 GB of memory; 3\.0 GB are available"):
        build(Mlp(kind="mlp", nodes=(64, 9_000_000)))


def test_projection_weights_of_a_residual_block_that_do_not_fit_are_reported(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10**7)
    monkeypatch.setattr(memory, "LARGE", 10**6)
    block = {"residual": {"layers": [{"dense": 10}, {"dense": 3000}]}}
    layers = ["flatten", block, {"dense": {"units": "classes", "activation": "softmax"}}]
    with pytest.raises(TooLargeError, match=r"projection: the weights and gradients of shape \(784, 3000\)"):
        build(Cnn.model_validate(frozen({"kind": "cnn", "layers": layers})))


def test_the_optimizers_own_values_are_counted_too(monkeypatch):
    monkeypatch.setattr(memory, "LARGE", 10**6)
    model, optimizer = build(Mlp(kind="mlp", nodes=(512,))), keras.optimizers.Adam()
    monkeypatch.setattr(memory, "available_memory", lambda: 10**6)
    models.check_optimizer(optimizer)
    with pytest.raises(TooLargeError, match=r"train\.optimizer: .*\(784, 512\)"):
        optimizer.build(model.trainable_variables)


def test_outputs_for_a_batch_are_counted(monkeypatch):
    monkeypatch.setattr(memory, "LARGE", 10**6)
    model = build(Mlp(kind="mlp", nodes=(64,)))
    monkeypatch.setattr(memory, "available_memory", lambda: 10**6)
    models.check_batch(model, 100)
    with pytest.raises(TooLargeError, match="a batch of 1000 images"):
        models.check_batch(model, 1000)


ERRORS = {
    "Python's stack": RecursionError("maximum recursion depth exceeded"),
    "Python's memory": MemoryError(),
    "JAX": RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 3136000000000 bytes."),
    "Torch": RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory"),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_of_a_backend_about_memory_is_an_error_of_the_configuration(error):
    with pytest.raises(TooLargeError), models.memory_errors():
        raise error


def test_any_other_error_stays_what_it_is():
    with pytest.raises(RuntimeError, match="a cable came loose"), models.memory_errors():
        raise RuntimeError("a cable came loose")


def test_the_memory_of_this_machine_is_known():
    assert 0 < available_memory() < 2**60
