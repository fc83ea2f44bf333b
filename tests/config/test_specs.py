"""Every specification is what Keras has under that name: its arguments, its defaults, and an object made of them."""

import inspect
from typing import Any, get_args

import keras
import pytest
from pydantic_core import PydanticUndefined

from mnist_lab.config.initializers import INITIALIZERS, REGULARIZERS
from mnist_lab.config.layers import LAYERS, Activation
from mnist_lab.config.optimizers import OPTIMIZERS
from mnist_lab.config.spec import Argument, Item, Spec
from mnist_lab.models import construct
from tests.config.specifications import choices, minimal

KINDS: tuple[Any, ...] = tuple(kind for kind in (*OPTIMIZERS, *LAYERS, *INITIALIZERS, *REGULARIZERS) if kind.keras)
FIELDS = [(kind, field) for kind in KINDS for field in kind.model_fields if field != "name"]

OTHER_DEFAULTS = {
    ("Conv", "kernel"): "Keras requires it; 3x3 is what nearly all networks have",
    ("DepthwiseConv", "kernel"): "the same",
    ("SeparableConv", "kernel"): "the same",
    ("AveragePool", "size"): "Keras requires it, though not for max pooling, whose default is taken",
}
"""Fields whose default is not Keras', and why."""


def by_name(parameter: Any) -> str:
    return parameter.__name__ if isinstance(parameter, type) else str(parameter)


def keras_class(kind: Any) -> Any:
    module, name = kind.keras.split(".")
    return getattr(getattr(keras, module), name)


def argument(kind: type[Spec], field: str) -> str:
    return next((m.name for m in kind.model_fields[field].metadata if isinstance(m, Argument)), field)


def same(argument_name: str, ours: Any, theirs: Any) -> bool:
    """Whether a value of ours and one of Keras' mean the same to Keras."""
    if isinstance(ours, Item):
        serialized = keras.saving.serialize_keras_object(construct(ours))
        return serialized == keras.saving.serialize_keras_object(keras.initializers.get(theirs))
    if argument_name == "activation":
        return keras.activations.get(ours) is keras.activations.get(theirs)
    if isinstance(ours, tuple) and isinstance(theirs, int):
        return ours == (theirs,) * len(ours)
    return ours == theirs


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=by_name)
def test_a_field_is_an_argument_with_the_default_of_keras(kind: type[Spec], field: str) -> None:
    parameters = inspect.signature(keras_class(kind)).parameters
    name = argument(kind, field)
    assert name in parameters
    ours, theirs = kind.model_fields[field].default, parameters[name].default
    if (kind.__name__, field) in OTHER_DEFAULTS or ours is PydanticUndefined:
        assert theirs is inspect.Parameter.empty
    else:
        assert same(name, ours, theirs)


def test_keras_has_no_other_required_argument() -> None:
    left_out = {
        (kind.__name__, name)
        for kind in KINDS
        for name, parameter in inspect.signature(keras_class(kind)).parameters.items()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        and name not in {argument(kind, field) for field in kind.model_fields}
    }
    assert left_out == {("Rows", "target_shape")}  # computed from the image


def test_every_optimizer_of_keras_is_there_except_its_wrappers() -> None:
    base = keras.optimizers.Optimizer
    of_keras = {
        name for name, value in vars(keras.optimizers).items() if isinstance(value, type) and issubclass(value, base)
    }
    wrappers = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}
    assert {kind.keras.removeprefix("optimizers.") for kind in OPTIMIZERS} == of_keras - wrappers


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=by_name)
def test_an_optimizer_has_every_useful_argument_of_keras(kind: Any) -> None:
    unused = {"name", "loss_scale_factor", "kwargs"}
    of_muon = {"exclude_layers", "exclude_embeddings", "muon_a", "muon_b", "muon_c"}
    assert set(inspect.signature(keras_class(kind)).parameters) - set(kind.model_fields) <= unused | of_muon


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=by_name)
def test_an_optimizer_is_called_what_keras_calls_it(kind: Any) -> None:
    (name,) = choices(kind, "name")
    assert name.replace("_", "") == keras_class(kind).__name__.lower()


@pytest.mark.parametrize("kind", [*INITIALIZERS, *REGULARIZERS], ids=by_name)
def test_an_initializer_or_regularizer_is_called_what_keras_calls_it(kind: type[Item]) -> None:
    module = keras.initializers if kind in INITIALIZERS else keras.regularizers
    assert getattr(module, kind.key) is keras_class(kind)


def test_every_activation_of_keras_is_there_except_those_that_need_arguments_or_change_the_shape() -> None:
    of_keras = {name for name, value in vars(keras.activations).items() if inspect.isfunction(value)}
    assert set(get_args(Activation)) == of_keras - {"get", "serialize", "deserialize", "glu", "threshold"}


@pytest.mark.parametrize("activation", get_args(Activation))
def test_keras_knows_the_activation_by_its_name(activation: str) -> None:
    values = keras.activations.get(activation)(keras.ops.convert_to_tensor([[-2.0, -0.1, 0.0, 0.3, 4.0]]))
    assert values.shape == (1, 5)
    assert keras.ops.all(keras.ops.isfinite(values))


GIVEN: dict[str, dict[str, Any]] = {"Dense": {"units": 3}, "Rows": {"target_shape": (8, 24)}}
"""What the builder of networks gives: the number of classes, and the shape of the image."""


def made(kind: type[Spec], **fields: Any) -> Any:
    return construct(kind.model_validate({**minimal(kind), **fields}), **GIVEN.get(kind.__name__, {}))


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_the_required_fields_make_an_object_of_that_class(kind: type[Spec]) -> None:
    assert isinstance(made(kind), keras_class(kind))


@pytest.mark.parametrize("kind", [kind for kind in LAYERS if kind.keras], ids=by_name)
def test_a_layer_made_of_its_required_fields_takes_images(kind: type[Spec]) -> None:
    outputs = made(kind)(keras.ops.ones((2, 8, 8, 3)))
    assert outputs.shape[0] == 2


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=by_name)
def test_an_optimizer_made_of_its_name_takes_a_step(kind: type[Spec]) -> None:
    weights = keras.Variable([[1.0, 2.0], [3.0, 4.0]], name="kernel")
    made(kind, learning_rate=0.1).apply([keras.ops.ones((2, 2))], [weights])
    values = weights.numpy()
    assert (values != [[1.0, 2.0], [3.0, 4.0]]).any()
    assert (abs(values) < 10).all()


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=by_name)
def test_every_value_that_a_field_accepts_reaches_the_object(kind: type[Spec], field: str) -> None:
    name = argument(kind, field)
    for value in choices(kind, field):
        expected = getattr(kind.model_validate({**minimal(kind), field: value}), field)
        if expected is None or name in GIVEN.get(kind.__name__, {}):
            continue  # left to Keras, or to the builder of networks
        received = made(kind, **{field: value}).get_config()[name]
        if isinstance(expected, Item):
            assert received == keras.saving.serialize_keras_object(construct(expected))
        elif isinstance(expected, tuple):
            assert received in (expected, tuple((n, n) for n in expected))  # zero padding: before and after
        elif isinstance(expected, str):
            assert same(name, expected, received)
        else:
            assert received == pytest.approx(expected, rel=1e-6)
