"""Initial weights from a finished run (`train.initial_weights`): finding the run and transferring its weights."""

from itertools import zip_longest
from pathlib import Path
from typing import Any

from mnist_lab.config import Config
from mnist_lab.config.schema import InitialWeights, Train
from mnist_lab.errors import ConfigError, InputError
from mnist_lab.runs import Run, find_run
from mnist_lab.runs.weights import train_again, weights_sha256


def resolve(train: Train, results: Path) -> Train:
    """Return `train` with the absolute path of the run with its initial weights, and the hash of these weights.

    The run is looked up in `results` by its id or experiment. If the hash of its weights is known, as in the
    configuration of a finished run, it need not exist any more.

    Raises:
        InputError: there is no such run, its model is missing or damaged, or its weights do not have the known hash.
    """
    given = train.initial_weights
    if given is None:
        return train
    try:
        run = find_run(given.run, results)
    except InputError as error:
        if given.sha256:
            return train
        raise InputError(f"train.initial_weights: {error.message}", error.hint) from error
    file = run.folder.path / "model.keras"
    if not file.is_file():
        raise InputError(
            f"train.initial_weights: {run.folder.path} has no model.keras.",
            train_again(run.folder.path),
        )
    found = weights_sha256(file)
    if given.sha256 not in (None, found):
        raise InputError(
            f"train.initial_weights: {file} has changed: expected weights with the hash {given.sha256[:8]}..., "
            f"received {found[:8]}...",
            "Remove `sha256` to start from the weights that are there now.",
        )
    resolved = InitialWeights(run=str(run.folder.path.resolve()), sha256=found)
    return train.model_copy(update={"initial_weights": resolved})


def load(model: Any, config: Config) -> None:
    """Replace the initial weights of the Keras `model` by those that `config` names, if any.

    Raises:
        InputError: the run cannot be read, or its layers differ; the message names the first that do.
    """
    resolved = resolve(config.train, Path())
    if resolved.initial_weights is None:
        return
    from mnist_lab.prediction import Network

    run = find_run(resolved.initial_weights.run, Path())
    source = Network(run, backend=config.runtime.backend, device=config.runtime.device).model
    pairs = list(zip_longest(_with_weights(model), _with_weights(source)))
    for mine, theirs in pairs:
        if mine is None or theirs is None or _shapes(mine) != _shapes(theirs):
            raise _unfit(mine, theirs, run)
    for mine, theirs in pairs:
        mine.set_weights(theirs.get_weights())


def _with_weights(model: Any) -> list[Any]:
    return [layer for layer in model.layers if layer.weights]


def _shapes(layer: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]


def _unfit(mine: Any, theirs: Any, run: Run) -> ConfigError:
    def described(layer: Any) -> str:
        return f"{layer.name} {' and '.join(map(str, _shapes(layer)))}" if layer else "no further layer with weights"

    return ConfigError(
        f"train.initial_weights: the layers of {run.folder.path} do not fit: expected {described(mine)}, "
        f"received {described(theirs)}.",
        "All layers with weights must have the same shapes in the same order.",
    )
