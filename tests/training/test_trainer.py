"""The trainer, on a few hundred small images: the semantics of `fit`, and a complete state to save and restore."""

from contextlib import nullcontext
from itertools import pairwise

import keras
import numpy as np
import pytest

from mnist_lab import augmentation, models
from mnist_lab.config.augmentations import Rotation
from mnist_lab.config.document import frozen
from mnist_lab.config.layers import Cnn, Mlp
from mnist_lab.config.schema import Config, Data, Runtime, Train
from mnist_lab.errors import InputError
from mnist_lab.training import Trainer

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, 300)
IMAGES = (RANDOM.integers(0, 120, (300, 8, 8, 1)) + 45 * LABELS[:, None, None, None]).astype(np.uint8)
MLP = {"kind": "mlp", "nodes": [16], "dropout": 0.2}
CNN = {
    "kind": "cnn",
    "layers": [
        {"conv": {"filters": 4, "kernel": 3, "activation": "relu"}},
        "batch_norm",
        {"dropout": 0.2},
        "flatten",
        {"dense": {"units": "classes", "activation": "softmax"}},
    ],
}


def built(spec, **settings):
    config = Config(data=Data(dataset="any"), model=spec, **settings)
    return models.from_config(config, image_shape=(8, 8, 1), classes=3)


def trainer(network=MLP, *, augment=(), validation=True, seed=1, runtime=None, images=IMAGES, weights=None, **train):
    keras.utils.set_random_seed(seed)
    kind = Mlp if network["kind"] == "mlp" else Cnn
    spec = kind.model_validate(frozen(network))
    model = built(spec)
    return Trainer(
        model,
        convolves=spec.convolves,
        augmentation=augmentation.layers(augment, seed=seed),
        images=images[:240],
        labels=LABELS[:240],
        validation=(images[240:], LABELS[240:]) if validation else None,
        train=Train.model_validate(frozen({"epochs": 3, "batch_size": 32, **train})),
        runtime=Runtime.model_validate(runtime or {}),
        seed=seed,
        weights=weights,
    )


def run(trainer):
    list(trainer.epochs())
    trainer.average()
    trainer.restore_best()
    return trainer


def weights(trainer):
    return [np.array(weight.numpy()) for weight in trainer.model.weights]


def assert_same_bits(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def without_seconds(history):
    return [{key: value for key, value in record.items() if key != "seconds"} for record in history]


@pytest.fixture(scope="module")
def plain():
    """Three epochs of the MLP, trained once for the tests that compare with it."""
    return run(trainer())


@pytest.mark.parametrize("network", [MLP, CNN], ids=["mlp", "cnn"])
def test_an_epoch_has_the_bits_of_keras_fit_on_the_same_order(network):
    one_by_one = {"steps_per_execution": 1, "jit_compile": False}
    ours = run(trainer(network, epochs=1, runtime=one_by_one))
    theirs = trainer(network, runtime=one_by_one)
    order = np.random.default_rng((1, 1)).permutation(240)
    theirs.network.fit(IMAGES[:240][order], LABELS[:240][order], batch_size=32, shuffle=False, verbose=0)
    assert_same_bits(weights(ours), weights(theirs))


def test_the_same_seed_gives_the_same_bits():
    assert_same_bits(weights(run(trainer(CNN))), weights(run(trainer(CNN))))


def test_another_seed_gives_other_weights(plain):
    assert not np.array_equal(weights(plain)[0], weights(run(trainer(seed=2)))[0])


WEIGHTS = np.where(LABELS[:240] == 0, 1000, 1).astype(np.float32)
RECIPES = {
    "adam, averaged weights, a plateau, smoothed labels, weighted classes": {
        "optimizer": {"name": "adam", "use_ema": True, "ema_momentum": 0.9},
        "schedule": {"plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 1, "min_delta": 1.0}},
        "label_smoothing": 0.1, "weights": WEIGHTS,
    },
    "momentum, a schedule, the best weights": {
        "optimizer": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9},
        "schedule": [{"warmup": {"epochs": 1.0}}, {"cosine": {"final": 0.0}}],
        "restore_best": "val_accuracy",
    },
}  # fmt: skip


# Of all states, the averages differ most from backend to backend.
@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(recipe, id=name, marks=[pytest.mark.every_backend] if "averaged" in name else [])
        for name, recipe in RECIPES.items()
    ],
)
def test_a_resumed_run_ends_with_the_bits_of_one_that_was_never_interrupted(recipe):
    augment = (Rotation(degrees=10),)
    whole = trainer(CNN, augment=augment, epochs=4, **recipe)
    for record in whole.epochs():
        if record["epoch"] == 2:
            state, history = whole.state(), list(whole.history)
    whole.average()
    whole.restore_best()
    second = trainer(CNN, augment=augment, epochs=4, **recipe)
    second.restore(state, history)
    run(second)
    assert_same_bits(weights(second), weights(whole))
    assert without_seconds(second.history) == without_seconds(whole.history)
    assert_same_bits(second.batches.arrays().values(), whole.batches.arrays().values())


def test_a_state_of_another_network_is_refused():
    with pytest.raises(ValueError, match="another network"):
        trainer(MLP).restore(trainer(CNN).state(), [])


def test_restoring_the_best_gives_the_weights_of_the_best_epoch():
    ours = trainer(epochs=6, optimizer={"name": "sgd", "learning_rate": 2.0}, restore_best="val_loss")
    seen = {record["epoch"]: weights(ours) for record in ours.epochs()}
    best = ours.restore_best()
    assert best == min(ours.history, key=lambda record: record["val_loss"])["epoch"]
    assert_same_bits(weights(ours), seen[best])


def test_without_restoring_the_last_weights_stay():
    ours = trainer()
    for _ in ours.epochs():
        last = weights(ours)
    assert ours.restore_best() == 3
    assert_same_bits(weights(ours), last)


def test_averaged_weights_are_validated_and_kept_while_training_goes_on_without_them():
    recipe = {"optimizer": {"name": "sgd", "learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.9}}
    averaged = run(trainer(epochs=2, **recipe))
    plain = run(trainer(epochs=2, optimizer={"name": "sgd", "learning_rate": 0.5}))
    assert [r["loss"] for r in averaged.history] == [r["loss"] for r in plain.history]
    assert averaged.history[-1]["val_loss"] != plain.history[-1]["val_loss"]
    assert not np.array_equal(weights(averaged)[0], weights(plain)[0])


def test_early_stopping_ends_training():
    ours = run(trainer(epochs=20, early_stopping={"monitor": "loss", "patience": 2, "min_delta": 10.0}))
    assert len(ours.history) == 3


def test_a_record_holds_the_rate_at_the_epochs_start():
    ours = run(trainer(epochs=3, schedule={"step": {"every": 1, "factor": 0.5}}))
    np.testing.assert_allclose([r["learning_rate"] for r in ours.history], [1e-3, 5e-4, 2.5e-4], rtol=1e-5)


def test_without_validation_there_is_no_validation_in_the_history():
    assert set(run(trainer(validation=False)).history[0]) == {"epoch", "loss", "accuracy", "learning_rate", "seconds"}


@pytest.mark.parametrize("steps", [1, 3, 100])
def test_the_steps_within_an_epoch_average_to_the_epochs_figures(steps):
    ours = run(trainer(runtime={"steps_per_execution": steps}, batch_size=7, epochs=2))
    curve = ours.batches.arrays()
    for record in ours.history:
        inside = (curve["epoch"] > record["epoch"] - 1) & (curve["epoch"] <= record["epoch"])
        sizes = np.diff(curve["epoch"][inside], prepend=record["epoch"] - 1)
        for name in ("loss", "accuracy"):
            np.testing.assert_allclose(np.average(curve[name][inside], weights=sizes), record[name], rtol=1e-4)


@pytest.mark.parametrize("network", [pytest.param(MLP, marks=pytest.mark.every_backend), CNN], ids=["mlp", "cnn"])
def test_the_number_of_steps_in_one_go_does_not_change_the_bits(network):
    augment = (Rotation(degrees=10),) if network is CNN else ()
    one, many = (run(trainer(network, augment=augment, runtime={"steps_per_execution": n})) for n in (1, 5))
    assert_same_bits(weights(one), weights(many))


def test_progress_is_reported_in_steps_that_only_grow(monkeypatch):
    monkeypatch.setattr("mnist_lab.training.trainer.SECONDS_BETWEEN_PROGRESS", 0.0)
    told = []
    list(trainer(epochs=1).epochs(told.append))
    assert told
    assert all(before.done < after.done <= after.total for before, after in pairwise(told))


def test_a_weighted_class_is_learnt_at_the_cost_of_the_others(plain):
    heavy = run(trainer(weights=WEIGHTS))
    share = [np.mean(t.model.predict(IMAGES, verbose=0).argmax(1) == 0) for t in (heavy, plain)]
    assert share[0] > share[1]


def test_a_batch_larger_than_the_training_set_is_an_error():
    with pytest.raises(InputError, match="at most 240, the number of training images"):
        trainer(batch_size=241)


@pytest.mark.parametrize(
    "precision", ["mixed_bfloat16", pytest.param("mixed_float16", marks=pytest.mark.every_backend)]
)
def test_mixed_precision_trains_and_returns_float32_probabilities(precision):
    keras.utils.set_random_seed(1)
    train = Train(epochs=3, batch_size=32, precision=precision)
    model = built(Mlp(kind="mlp", nodes=(16,)), train=train)
    ours = Trainer(
        model, convolves=False, images=IMAGES, labels=LABELS, validation=None, train=train, runtime=Runtime(), seed=1,
    )  # fmt: skip
    run(ours)
    assert ours.history[-1]["loss"] < ours.history[0]["loss"]
    scales = isinstance(ours.network.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scales == (precision == "mixed_float16")
    assert model.predict(IMAGES[:2], verbose=0).dtype == np.float32


@pytest.mark.every_backend
def test_the_losses_of_the_first_steps_are_those_of_keras_fit():
    runtime = {"steps_per_execution": 1}
    ours = trainer(epochs=1, batch_size=11, runtime=runtime)
    theirs = trainer(epochs=1, batch_size=11, runtime=runtime)
    order = np.random.default_rng((1, 1)).permutation(240)
    losses = _Losses()
    with _same_masks():
        theirs.network.fit(
            IMAGES[:240][order], LABELS[:240][order], batch_size=11, shuffle=False, verbose=0, callbacks=[losses]
        )
    epoch = [float(logs["loss"]) for _, logs in ours._steps.epoch(order)]
    np.testing.assert_allclose(epoch[:20], losses.running[:20], rtol=1e-5)
    np.testing.assert_allclose(epoch[-1], losses.running[-1], rtol=1e-3)


def _same_masks():
    """Make the dropout layers of Keras draw the masks that they draw in a run."""
    if keras.backend.backend() != "jax":
        return nullcontext()
    from mnist_lab.training.steps.jax_dropout import hashed_dropout

    return hashed_dropout()


class _Losses(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.running = []

    def on_train_batch_end(self, batch, logs=None):
        self.running.append(float(logs["loss"]))


@pytest.mark.every_backend
def test_if_a_saturated_softmax_has_no_gradient_the_network_learns_from_logits():
    ours = trainer(epochs=1)
    kernel = ours.model.layers[-1].kernel
    saturated = np.tile(np.float32([-100, 0, 100]), (16, 1))
    kernel.assign(saturated)
    run(ours)
    assert not np.allclose(np.array(kernel.numpy()), saturated, atol=1e-6)


def test_a_model_whose_softmax_is_a_layer_of_its_own_learns_from_logits_too():
    layers = ["flatten", {"dense": {"units": "classes"}}, {"activation": "softmax"}]
    separate = run(trainer({"kind": "cnn", "layers": layers}))
    within = run(
        trainer({"kind": "cnn", "layers": ["flatten", {"dense": {"units": "classes", "activation": "softmax"}}]})
    )
    assert without_seconds(separate.history) == without_seconds(within.history)


@pytest.mark.parametrize("name", ["base/rate=0.1,nodes=8+8", "__"])
def test_any_name_of_an_experiment_works(name, plain):
    keras.utils.set_random_seed(1)
    spec = Mlp.model_validate(frozen(MLP))
    model = built(spec, name=name)
    named = Trainer(
        model, convolves=False, images=IMAGES[:240], labels=LABELS[:240], validation=(IMAGES[240:], LABELS[240:]),
        train=Train(epochs=3, batch_size=32), runtime=Runtime(), seed=1,
    )  # fmt: skip
    assert without_seconds(run(named).history) == without_seconds(plain.history)
    assert model.predict(IMAGES[:2], verbose=0).shape == (2, 3)
