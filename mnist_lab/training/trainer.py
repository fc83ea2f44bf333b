"""Fits one model epoch by epoch, with the full training state available after each.

The order of the images follows from (seed, epoch), and everything else that changes is in `Trainer.state`, so a run
that resumes from it has bit-identical results to one that was never interrupted.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.schedules import Plateau
from mnist_lab.config.schema import Runtime, Train
from mnist_lab.errors import ConfigError
from mnist_lab.history import Record, best_epoch
from mnist_lab.models import check_batch, check_optimizer, construct, for_training
from mnist_lab.training.curve import BatchCurve, Progress
from mnist_lab.training.evaluation import BATCH
from mnist_lab.training.rules import plateau_scale, should_stop
from mnist_lab.training.schedules import LearningRate
from mnist_lab.training.steps import POINTS_PER_EPOCH, Logs, jit_compile, steps_for, steps_per_execution

Images = NDArray[np.uint8]
Labels = NDArray[Any]
State = dict[str, NDArray[Any]]

SECONDS_BETWEEN_PROGRESS = 0.1


class Trainer:
    """Trains `model` in place.

    Args:
        model: raw pixels in, probabilities out (`mnist_lab.models.from_config`).
        convolves: whether it has convolutions, on which the fastest way to execute steps depends.
        augmentation: layers before the model during training.
        images: training images (n, height, width, channels), 0..255.
        labels: their classes (n,).
        validation: images and labels to evaluate on after every epoch.
        train: the hyperparameters.
        runtime: how to execute the steps.
        seed: determines the order of the images; the caller has set Keras' own seed.
        weights: the weight of each image in the loss (n,); None for equal weights.

    Raises:
        ConfigError: the batch is larger than the training set.
        TooLargeError: the network and a batch do not fit into memory.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        convolves: bool,
        augmentation: Sequence[keras.layers.Layer] = (),
        images: Images,
        labels: Labels,
        validation: tuple[Images, Labels] | None,
        train: Train,
        runtime: Runtime,
        seed: int,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        if train.batch_size > len(images):
            raise ConfigError(
                f"train.batch_size: expected at most {len(images):,}, the number of training images, "
                f"received {train.batch_size:,}."
            )
        check_batch(model, min(train.batch_size, BATCH))
        self.model = model
        self.history: list[Record] = []
        self.batches = BatchCurve()
        self._train = train
        self._seed = seed
        self._classes = model.output_shape[-1]
        self._validation = validation and (validation[0], self._as_targets(validation[1]))
        self._best: list[NDArray[Any]] = []
        self._evaluated: list[NDArray[Any]] = []
        network, logits = for_training(model, augmentation)
        self.network: Any = network
        self._compile(runtime, -(-len(images) // train.batch_size), logits=logits, convolves=convolves)
        data = (images, self._as_targets(labels), weights)
        self._steps = steps_for(self.network, tuple(part for part in data if part is not None), train.batch_size)

    @property
    def ended(self) -> bool:
        """Whether no epoch remains: all are done, or training stopped early."""
        rule = self._train.early_stopping
        stopped = rule and self.history and should_stop(self.history, rule)
        return len(self.history) >= self._train.epochs or bool(stopped)

    def epochs(self, on_batch: Callable[[Progress], None] | None = None) -> Iterator[Record]:
        """Train until the last epoch or early stopping; yield the record of each epoch.

        Whenever a record is yielded, `state` and `history` are those at the end of its epoch.
        """
        while not self.ended:
            record = self._epoch(len(self.history) + 1, on_batch)
            self.history.append(record)
            if self._best_epoch() == record["epoch"]:
                self._best = self._evaluated
            yield record

    def average(self) -> None:
        """Replace the weights by their moving average, if the optimizer keeps one: for evaluation, and at the end."""
        if self._train.optimizer.use_ema:
            weights = self.network.trainable_variables
            self.network.optimizer.finalize_variable_values(weights)
            _assign(weights, _values(weights))  # on JAX these are the optimizer's arrays, which a step deletes

    def restore_best(self) -> int:
        """Restore the weights of the best epoch if so configured; return the epoch of the final weights."""
        best = self._best_epoch()
        if best is None:
            return len(self.history)
        _assign(self.model.weights, self._best)
        return best

    def state(self) -> State:
        """Return all that resuming needs except the history: weights, seeds, optimizer, best weights, batch curve."""
        groups = {
            "network": _values(self.network.variables),
            "optimizer": _values(self.network.optimizer.variables),
            "best": self._best,
        }
        arrays = {f"{name}_{i}": value for name, values in groups.items() for i, value in enumerate(values)}
        return arrays | {f"batches_{name}": values for name, values in self.batches.arrays().items()}

    def restore(self, state: State, history: list[Record]) -> None:
        """Continue from a `state` and the history that belongs to it.

        Raises:
            KeyError: an array is missing.
            ValueError: the state belongs to another network.
        """
        best, batches = _group(state, "best"), {name: state[f"batches_{name}"].tolist() for name in vars(BatchCurve())}
        pairs = [
            (self.network.variables, _group(state, "network")),
            (self.network.optimizer.variables, _group(state, "optimizer")),
        ]
        for variables, values in pairs:
            if [tuple(v.shape) for v in variables] != [v.shape for v in values]:
                raise ValueError("it belongs to another network")
        for variables, values in pairs:
            _assign(variables, values)
        self._best, self.batches = best, BatchCurve(**batches)
        self.history = list(history)

    def _best_epoch(self) -> int | None:
        """Return the epoch whose weights `restore_best` selects; None without it, or if no epoch has a finite value."""
        monitor = self._train.restore_best
        best = best_epoch(self.history, monitor) if monitor else None
        return best and best[0]

    def _compile(self, runtime: Runtime, steps: int, *, logits: bool, convolves: bool) -> None:
        train = self._train
        rate: Any = train.optimizer.learning_rate
        if train.schedule and not isinstance(train.schedule[0], Plateau):
            rate = LearningRate(rate, train.schedule, epochs=train.epochs, steps_per_epoch=steps)
        smoothed = train.label_smoothing > 0
        # SparseCategoricalCrossentropy has no label smoothing, which therefore needs one-hot targets.
        loss = (
            keras.losses.CategoricalCrossentropy(from_logits=logits, label_smoothing=train.label_smoothing)
            if smoothed
            else keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
        )
        accuracy = keras.metrics.CategoricalAccuracy if smoothed else keras.metrics.SparseCategoricalAccuracy
        optimizer = construct(train.optimizer, learning_rate=rate)
        if train.precision == "mixed_float16":
            # Keras does this only if the policy is set globally; here it is set for each layer.
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        self.network.compile(
            optimizer,
            loss,
            metrics=[accuracy(name="accuracy")],
            jit_compile=jit_compile(runtime),
            steps_per_execution=steps_per_execution(runtime, steps, convolves=convolves),
        )
        check_optimizer(self.network.optimizer)
        self.network.optimizer.build(self.network.trainable_variables)

    def _epoch(self, epoch: int, on_batch: Callable[[Progress], None] | None) -> Record:
        begun = time.perf_counter()
        optimizer = self.network.optimizer
        match self._train.schedule:
            case (Plateau() as rule,):
                optimizer.learning_rate = self._train.optimizer.learning_rate * plateau_scale(self.history, rule)
        rate = float(optimizer.learning_rate)
        order = np.random.default_rng((self._seed, epoch)).permutation(self._steps.rows)
        record: Record = {"epoch": epoch, **self._learn(epoch, order, on_batch)}
        averaged = self._train.optimizer.use_ema
        trained = _values(self.network.trainable_variables) if averaged else []
        self.average()
        if self._validation is not None:
            images, targets = self._validation
            measured = self.network.evaluate(images, targets, batch_size=BATCH, verbose=0, return_dict=True)
            record |= {f"val_{name}": float(measured[name]) for name in ("loss", "accuracy")}
        self._evaluated = _values(self.model.weights) if averaged or self._train.restore_best else []
        if averaged:
            _assign(self.network.trainable_variables, trained)
        return record | {"learning_rate": rate, "seconds": round(time.perf_counter() - begun, 3)}

    def _learn(
        self, epoch: int, order: NDArray[np.integer], on_batch: Callable[[Progress], None] | None
    ) -> dict[str, float]:
        """Train on every row once and extend the batch curve; return the mean loss and accuracy."""
        total, every = self._steps.number, max(1, self._steps.number // POINTS_PER_EPOCH)
        seen: list[tuple[int, Logs]] = []
        reported = time.monotonic()
        for done, logs in self._steps.epoch(order):
            if done - (seen[-1][0] if seen else 0) >= every or done == total:
                seen.append((done, logs))
            if on_batch and time.monotonic() - reported > SECONDS_BETWEEN_PROGRESS:
                reported = time.monotonic()
                on_batch(Progress(epoch, done, total, float(logs["loss"]), float(logs["accuracy"])))
        running = [
            (min(done * self._train.batch_size, len(order)), float(logs["loss"]), float(logs["accuracy"]))
            for done, logs in seen
        ]
        self.batches.add(epoch, running)
        _, loss, accuracy = running[-1]
        return {"loss": loss, "accuracy": accuracy}

    def _as_targets(self, labels: Labels) -> NDArray[Any]:
        if not self._train.label_smoothing:
            return labels
        return np.eye(self._classes, dtype=np.float32)[labels]


def _values(variables: Sequence[Any]) -> list[NDArray[Any]]:
    return [np.array(variable.numpy()) for variable in variables]


def _assign(variables: Sequence[Any], values: Sequence[NDArray[Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _group(state: State, name: str) -> list[NDArray[Any]]:
    count = sum(key.rpartition("_")[0] == name for key in state)
    return [state[f"{name}_{i}"] for i in range(count)]
