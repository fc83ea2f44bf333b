"""A network that a Python function builds is refused before anything is trained if it cannot be trained or saved."""

import random

import keras
import numpy as np
import pytest
from keras import layers

from mnist_lab import models
from mnist_lab.config import load_config
from mnist_lab.errors import ConfigError, InputError

SHAPE, CLASSES = (28, 28, 1), 10


def config(**changes):
    return load_config({"data": {"dataset": "digits"}, "model": {"kind": "custom"}, **changes})


def identified(build, **changes):
    return models.identified(build, config(**changes), image_shape=SHAPE, classes=CLASSES)


def assembled(build, **changes):
    asked = config(**changes)
    asked = asked.model_copy(update={"model": models.identified(build, asked, image_shape=SHAPE, classes=CLASSES)})
    return models.from_builder(build, asked, image_shape=SHAPE, classes=CLASSES)


def dense(shape, classes, *, hidden=8, activation="softmax", names=(None, None), **last):
    """An ordinary network."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(hidden, activation="relu", name=names[0]),
            layers.Dense(classes, activation=activation, name=names[1], **last),
        ]
    )


def graph(shape, classes):
    inputs = keras.Input(shape)
    tensor = layers.Dropout(0.3)(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(tensor))


class Scaled(layers.Layer):
    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Unsaved(layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


class OwnStep(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.last = layers.Dense(classes, activation="softmax")

    def call(self, inputs):
        return self.last(keras.ops.reshape(inputs, (-1, 784)))

    def train_step(self, *arguments):
        raise NotImplementedError


def compiled(shape, classes):
    model = dense(shape, classes)
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def with_layer(layer):
    return lambda shape, classes: keras.Sequential([keras.Input(shape), layer(), *dense(shape, classes).layers])


def two_inputs(shape, classes):
    inputs = [keras.Input(shape), keras.Input(shape)]
    tensor = layers.Dense(classes, activation="softmax")(layers.Flatten()(layers.Add()(inputs)))
    return keras.Model(inputs, tensor)


def two_outputs(shape, classes):
    inputs = keras.Input(shape)
    tensor = layers.Dense(classes, activation="softmax")(layers.Flatten()(inputs))
    return keras.Model(inputs, [tensor, tensor])


THE_SAME = dense(SHAPE, CLASSES)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda shape, classes: None, "network: expected a Keras model, received None.\nDoes the function end with"),
        (lambda shape, classes: 3, r"network: expected a Keras model, received 3 \(int\)"),
        (compiled, r"network: expected a model that is not compiled.\nRemove `model.compile\(...\)`"),
        (lambda shape, classes: dense(shape, 7), r"expected one probability per class, .*\(10,\); received \(7,\)"),
        (lambda shape, classes: keras.Sequential([keras.Input(shape), layers.Dense(10)]), r"received \(28, 28, 10\)"),
        (lambda shape, classes: dense(shape, classes, activation=None), r"expected probabilities.* that sum to"),
        (lambda shape, classes: dense(shape, classes, activation="sigmoid"), "expected probabilities"),
        (lambda shape, classes: dense((784,), classes), r"does not fit images of shape \(28, 28, 1\), takes \(784,\)"),
        (lambda shape, classes: dense((32, 32, 3), classes), r"takes \(32, 32, 3\)"),
        (two_inputs, "network: does not fit images"),
        (two_outputs, "expected one output, received list"),
        (lambda shape, classes: THE_SAME, "expected a new model from each call"),
        (lambda shape, classes: OwnStep(classes), "OwnStep has its own train_step, which would not be called"),
        (with_layer(lambda: Unsaved(lambda x: x)), r"network: cannot be saved: .*\nGive each class of your own a get_"),
        (lambda shape, classes: dense(shape, classes, dtype="float16"), "expected an output in float32, received"),
    ],
)
def test_a_network_that_cannot_be_trained_or_saved_is_refused_with_the_reason(build, message):
    with pytest.raises(ConfigError, match=r"(?s)" + message):
        identified(build)


def test_an_error_in_the_function_is_the_users_own():
    def build(shape, classes):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        identified(build)


def test_a_function_that_builds_another_network_each_time_is_refused():
    sizes = iter([8, 8, 9])

    def build(shape, classes):
        return keras.Sequential(
            [layers.Flatten(), *(layers.ReLU() for _ in range(next(sizes))), *dense(shape, classes).layers[1:]]
        )

    with pytest.raises(ConfigError, match="expected the same network from each call"):
        assembled(build)


@pytest.mark.every_backend
class TestWhatIsTrained:
    @pytest.mark.parametrize("build", [dense, graph])
    def test_returns_the_networks_probabilities_of_preprocessed_images(self, build):
        model = assembled(build)
        pixels = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)
        expected = model.layers[-1](pixels.astype(np.float32) / 255, training=False)
        given = model(pixels, training=False)
        np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (given, expected)), rtol=1e-5)

    @pytest.mark.parametrize("build", [dense, graph])
    def test_is_trained_on_logits_if_it_ends_in_a_softmax(self, build):
        model = assembled(build)
        training, logits = models.for_training(model, [])
        pixels = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)
        assert logits
        given = keras.ops.softmax(training(pixels, training=False))
        expected = model(pixels, training=False)
        np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (given, expected)), rtol=1e-4)
        assert {id(weight) for weight in training.weights} == {id(weight) for weight in model.weights}

    def test_uses_the_precision_of_the_configuration(self):
        def build(shape, classes):
            return dense(shape, classes, dtype="float32")

        model = assembled(build, train={"precision": "mixed_bfloat16"})
        assert [layer.compute_dtype for layer in model.layers[-1].layers] == ["bfloat16", "bfloat16", "float32"]
        assert keras.config.dtype_policy().name == "float32"


def test_its_layers_are_summarized_in_place_of_the_network():
    summary = models.summarize(assembled(graph))
    assert [row.type for row in summary.layers] == ["InputLayer", "Rescaling", "Flatten", "Dropout", "Dense"]
    assert (summary.parameters.total, summary.multiply_adds) == (7850, 7840)


def test_the_operations_of_an_unknown_layer_are_not_counted():
    def build(shape, classes):
        inputs = keras.Input(shape)
        sequence = layers.LSTM(4)(layers.Reshape((28, 28))(inputs))
        return keras.Model(inputs, layers.Dense(classes, activation="softmax")(sequence))

    assert models.summarize(assembled(build)).multiply_adds is None


class TestIdentity:
    def test_does_not_depend_on_the_names_of_layers(self):
        first = identified(dense)
        keras.layers.Dense(3)
        named = identified(lambda shape, classes: dense(shape, classes, names=("one", "two")))
        assert identified(dense) == first
        assert named == first

    @pytest.mark.parametrize(
        "changes",
        [
            {"hidden": 9},
            {"kernel_regularizer": "l2"},
            {"kernel_initializer": "zeros"},
            {"kernel_initializer": keras.initializers.GlorotUniform(seed=3)},
        ],
    )
    def test_depends_on_sizes_regularizers_and_initializers(self, changes):
        other = identified(lambda shape, classes: dense(shape, classes, **changes))
        assert other.sha256 != identified(dense).sha256

    def test_depends_on_weights_that_do_not_follow_from_the_seed(self):
        def pretrained(value):
            def build(shape, classes):
                model = dense(shape, classes)
                model.layers[1].set_weights([np.full((784, 8), value), np.zeros(8)])
                return model

            return build

        marks = [identified(pretrained(value)).sha256 for value in (0.1, 0.2, 0.1)]
        assert marks[0] == marks[2] != marks[1]

    def test_depends_on_the_code_and_arguments_of_custom_layers(self):
        class Scaled2(Scaled):
            def call(self, inputs):
                return inputs / self.factor

        marks = {identified(with_layer(lambda: Scaled(2.0))).sha256 for _ in range(2)}
        marks |= {identified(with_layer(lambda: Scaled(3.0))).sha256}
        marks |= {identified(with_layer(lambda: Scaled2(2.0))).sha256}
        assert len(marks) == 3

    def test_depends_on_the_code_and_values_of_custom_functions(self):
        def layer(factor):
            return lambda: layers.Lambda(lambda x: x * factor, output_shape=SHAPE)

        def activated(function):
            return lambda shape, classes: keras.Sequential(
                [
                    keras.Input(shape),
                    layers.Flatten(),
                    layers.Dense(8, activation=function),
                    *dense((8,), classes).layers,
                ]
            )

        builds = [with_layer(layer(2)), with_layer(layer(2)), with_layer(layer(3))]
        first, second, third = (identified(build).sha256 for build in builds)
        assert first == second != third
        assert identified(activated(lambda x: x * x)).sha256 != identified(activated(lambda x: x + x)).sha256

    def test_lists_the_classes_of_the_layers_and_what_acts_only_in_training(self):
        custom = identified(graph)
        assert custom.layers == ("Flatten", "Dropout", "Dense")
        assert (custom.handicaps_training, custom.convolves) == (True, False)


class TestSaved:
    def test_it_is_loaded_as_it_was(self, tmp_path):
        model = assembled(graph)
        model.save(tmp_path / "model.keras")
        loaded = models.load_custom(tmp_path / "model.keras")
        for one, other in zip(model.weights, loaded.weights, strict=True):
            np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, other)))

    def test_what_cannot_be_rebuilt_is_reported_with_advice(self, tmp_path):
        assembled(with_layer(lambda: Scaled(2.0))).save(tmp_path / "model.keras")
        with pytest.raises(InputError, match=r"(?s)cannot be rebuilt: Scaled is not part of Keras\..*custom_objects"):
            models.load_custom(tmp_path / "model.keras")

    def test_code_in_it_is_not_executed(self, tmp_path):
        build = with_layer(lambda: layers.Lambda(lambda x: x, output_shape=SHAPE))
        assembled(build).save(tmp_path / "model.keras")
        with pytest.raises(InputError, match="cannot be rebuilt: a lambda is not part of Keras"):
            models.load_custom(tmp_path / "model.keras")

    def test_an_invalid_file_is_damaged(self, tmp_path):
        (tmp_path / "model.keras").write_bytes(b"PK")
        with pytest.raises(InputError, match=r"model\.keras: "):
            models.load_custom(tmp_path / "model.keras")


def test_a_network_whose_size_depends_on_the_seed_is_refused():
    def build(shape, classes):
        return dense(shape, classes, hidden=random.randint(3, 3000))

    with pytest.raises(ConfigError, match="expected the same network from each call"):
        identified(build)


def test_an_error_without_a_message_is_named_by_its_type():
    assert models.network.reason(NotImplementedError()) == "NotImplementedError"
