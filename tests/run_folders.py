"""Finished run folders for tests of their readers: the files of a real run, with numbers that a test chooses."""

import json
from pathlib import Path

from mnist_lab.analysis import wilson
from mnist_lab.config import Config, Override, fingerprint, load_config, shipped, to_yaml
from mnist_lab.datasets import load
from mnist_lab.runs import FORMAT, Measured, RunFolder, formats

SHA256 = "0123456789abcdef" * 4
MNIST = {"name": "mnist", "title": "MNIST", "sha256": SHA256, "genuine": True, "white": 255}
_digits = load("digits")
UCI = MNIST | {"name": "digits", "title": _digits.title, "sha256": _digits.sha256}
SMALL = {"name": "small", "data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [4]}}
"""The configuration of a run on `UCI`, with its name."""


_SHIPPED = set(shipped.names())
_known: dict[str, Config] = {}


def _loaded(config, overrides) -> Config:
    """The configuration with changes like `train__epochs=3`; a shipped one is read once for each set of changes."""
    key = repr((config, overrides))
    if key in _known:
        return _known[key]
    changes = {path.replace("__", "."): value for path, value in overrides.items()}
    found = load_config(config, [Override(tuple(path.split(".")), value, path) for path, value in changes.items()])
    if isinstance(config, str) and config in _SHIPPED:
        _known[key] = found
    return found


def finished_run(
    results: Path,
    config="mlp_512",
    *,
    seed=1,
    train=0.99,
    validation: float | None = 0.98,
    test=0.98,
    total=10_000,
    parameters=669_706,
    epochs=3,
    seconds=10.0,
    dataset=MNIST,
    selected_on_test=False,
    backend="jax",
    **overrides,
) -> RunFolder:
    """Write a finished run of `config` (a file, a shipped name or a mapping); `overrides` like `train__epochs=3`."""
    resolved = _loaded(config, overrides).model_copy(update={"seed": seed})
    resolved = resolved.model_copy(update={"runtime": resolved.runtime.model_copy(update={"backend": backend})})
    mark = fingerprint(resolved, dataset_sha256=dataset["sha256"], backend=backend)
    folder = RunFolder.of(results, str(resolved.experiment), seed, mark)
    how, of_folds, group = resolved.data.validation, {}, {}
    if how.fold:
        first = resolved.data.model_copy(update={"validation": how.model_copy(update={"fold": 1})})
        shared = resolved.model_copy(update={"data": first})
        group = {"group": fingerprint(shared, dataset_sha256=dataset["sha256"], backend=backend)}
        of_folds = {"fold": how.fold, "folds": how.folds}
    folder.path.mkdir(parents=True)
    history = [_epoch(n, epochs, train, validation) for n in range(1, epochs + 1)]
    correct = round(test * total)
    held_out = None if validation is None else {"loss": 0.1, "accuracy": validation}
    (folder.path / "config.yaml").write_text(to_yaml(resolved))
    folder.write_history(history)
    measured = Measured.model_validate(
        {
            "format": FORMAT,
            "run": {
                "name": resolved.name, "experiment": resolved.experiment, "id": folder.id, "fingerprint": mark,
                **group, "seed": seed, "started": "2026-01-01T10:00:00+00:00", "finished": "2026-01-01T10:00:10+00:00",
            },
            "dataset": {
                "image_shape": [28, 28, 1], "class_names": [str(digit) for digit in range(10)],
                "train": 48_000, "validation": 0 if validation is None else 12_000, "test": total, "classes": 10,
                **of_folds, "selected_on_test": selected_on_test, "notes": [], **dataset,
            },
            "parameters": {"trainable": parameters, "non_trainable": 0, "total": parameters},
            "flops": 10**12,
            "epochs": epochs,
            "train": {"loss": 0.05, "accuracy": train},
            "validation": held_out,
            "test": {
                "loss": 0.1, "accuracy": correct / total, "correct": correct, "wrong": total - correct,
                "total": total, "ci95": list(wilson(correct, total)),
            },
            "best": {
                "epoch": epochs, "monitor": "val_loss", "value": 0.1, "restored": True,
                "train_accuracy": train, "validation_accuracy": validation,
            },
            "last": {"test_accuracy": correct / total},
            "seconds": {
                "total": seconds, "startup": 1.0, "train": seconds - 2, "epoch_first": seconds / epochs,
                "epoch_median": seconds / epochs,
            },
            "environment": {"backend": backend, "device": "cpu"},
            "reference": resolved.reference and resolved.reference.model_dump(mode="json", exclude_none=True),
            "observations": [],
        }
    )  # fmt: skip
    folder.write_measured(measured)
    return folder


def unfinished_run(
    results: Path, config="mlp_512", *, epochs=3, planned=10, seed=1, error="", **overrides
) -> RunFolder:
    """Write a run after `epochs` of `planned` epochs, with a checkpoint, or one that failed with an error."""
    folder = finished_run(results, config, seed=seed, epochs=epochs, train__epochs=planned, **overrides)
    (folder.path / "metrics.json").unlink()
    if error:
        (folder.path / "error.txt").write_text(error)
    else:
        (folder.path / "checkpoint.npz").write_text("")
    return folder


def edit_metrics(folder: RunFolder, **changes) -> None:
    """Change values of a run's `metrics.json`: `edit_metrics(folder, format=99)`."""
    path = folder.path / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def give_mistakes(folder: RunFolder, mistakes: list[dict]) -> None:
    """Write a run's `mistakes.json`, and their number into its `metrics.json`."""
    formats.write_json(folder.path / "mistakes.json", mistakes)
    test = json.loads((folder.path / "metrics.json").read_text())["test"]
    edit_metrics(folder, test=test | {"wrong": len(mistakes), "correct": test["total"] - len(mistakes)})


def _epoch(n, epochs, train, validation):
    late = 0.1 * (1 - n / epochs)
    record = {"epoch": n, "loss": 0.3 / n, "accuracy": train - late, "seconds": 1.0}
    return record if validation is None else record | {"val_loss": 0.3 / n, "val_accuracy": validation - late}
