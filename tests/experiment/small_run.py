"""A small run with everything that could depend on where its training is cut, and the results that must not."""

from mnist_lab import load_config
from mnist_lab.experiment import Observer
from mnist_lab.runs import formats
from mnist_lab.runs.weights import read_weights
from tests.conftest import BACKEND

RECIPE = {
    "name": "small",
    "data": {"dataset": "digits", "subset": 300, "test_subset": 60, "validation": {"split": "stratified"}},
    "augment": [{"rotation": 10}],
    "model": {"kind": "mlp", "nodes": [12], "dropout": 0.2, "batch_norm": True},
    "train": {
        "batch_size": 50, "epochs": 2, "restore_best": "val_loss", "optimizer": {"name": "adam", "use_ema": True},
        "schedule": [{"exponential": 0.9}, {"warmup": 1}],
    },
    "runtime": {"backend": BACKEND, "device": "cpu"},
}  # fmt: skip


class Notes(Observer):
    """What a run reports, and which epochs it trains."""

    def __init__(self, stop_after=None):
        self.notes, self.trained, self.stop_after = [], [], stop_after

    def note(self, text):
        self.notes.append(text)

    def epoch(self, record, epochs):
        self.trained.append(record["epoch"])

    def stops(self):
        return self.stop_after == len(self.trained) + 1


def config_of(**changes):
    return load_config(RECIPE, {key.replace("__", "."): value for key, value in changes.items()})


def evidence(run):
    """What must not depend on where the training was cut: weights, history without times, metrics, mistakes."""
    weights = {name: values.tobytes() for name, values in read_weights(run.folder.path / "model.keras").items()}
    history = [{key: value for key, value in record.items() if key != "seconds"} for record in run.history]
    metrics = {key: value for key, value in run.metrics.items() if key not in ("run", "seconds", "environment")}
    return weights, history, metrics, formats.read_json(run.folder.path / "mistakes.json")
