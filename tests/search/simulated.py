"""Searches whose trials are not trained: their histories follow from their values, so that a search takes no time."""

from pathlib import Path

from mnist_lab import datasets
from mnist_lab.config.searches import load_search
from mnist_lab.history import training_seconds
from mnist_lab.search.outline import outline
from mnist_lab.search.record import Search
from mnist_lab.search.tuner import Tuner
from mnist_lab.sweeps import Outcome

BASE = "data: {dataset: digits, subset: 100, test_subset: 30}\nmodel: {kind: mlp, nodes: [4]}\ntrain: {epochs: 9}\n"
SPACE = "space: {train.optimizer.learning_rate: {log_uniform: [1e-4, 1e-1]}, model.nodes: {choice: [[2], [4], [8]]}}\n"
SEARCH = SPACE + "budget: {trials: 12}\npromote: {first: 1, factor: 3}\nconfirm: {best: 2}\n"


class Killed(BaseException):
    """The searching process was killed."""


def write(folder: Path, text: str = SEARCH, base: str = BASE) -> Path:
    (folder / "base.yaml").write_text(base)
    file = folder / "s.yaml"
    file.write_text(f"base: base.yaml\n{text}")
    return file


def tuner_of(file: Path) -> Tuner:
    """The search as a new process sees it."""
    declared, results = load_search(file), file.parent / "results"
    dataset = datasets.load(declared.base.data)
    return Tuner(declared, outline(declared, dataset, results), results, dataset)


def accuracy(config, epoch: int) -> float:
    """Deterministic, better with more epochs, and best near a learning rate of 0.01."""
    rate = config.train.optimizer.learning_rate
    return round(0.9 - abs(rate - 0.01) - 0.2 / epoch + 0.001 * config.model.nodes[0], 6)


def history_of(config, epochs: int) -> list[dict]:
    return [
        {"epoch": n, "loss": 1 / n, "accuracy": 0.9, "val_loss": 1 - accuracy(config, n),
         "val_accuracy": accuracy(config, n), "learning_rate": 0.1, "seconds": seconds(config, n)}
        for n in range(1, epochs + 1)
    ]  # fmt: skip


def seconds(config, epoch: int) -> float:
    """Larger networks take longer, and the first epoch includes compiling."""
    return round(0.1 * config.model.nodes[0] + (1.0 if epoch == 1 else 0.0), 3)


def parameters(config) -> int:
    return 100 * config.model.nodes[0]


def outcome_of(run, task) -> Outcome:
    """Do what a process does with a task: write a history and a checkpoint, and return how it ended."""
    config, folder = run.identity.config, run.folder
    size = parameters(config)
    sizes = {"parameters": size, "multiply_adds": size}
    if size > task.limits.get("parameters", size):
        return Outcome("refused", f"{size} parameters (limit {task.limits['parameters']}).", sizes=sizes)
    folder.path.mkdir(parents=True, exist_ok=True)
    if config.train.optimizer.learning_rate > 0.09:
        (folder.path / "error.txt").write_text("nan")
        return Outcome("failed", "The loss became nan in epoch 1.\nMore.", sizes=sizes)
    history = history_of(config, task.until)
    lasting = [training_seconds(history[:epochs]) for epochs in range(1, task.until)]
    stops = next((epochs for epochs, taken in enumerate(lasting, 1) if task.seconds and taken > task.seconds), None)
    folder.write_history(history[:stops])
    (folder.path / "checkpoint.npz").write_text(str(stops or task.until))
    return Outcome("stopped" if stops else "done", sizes=sizes)


def search(file: Path, *, jobs: int = 1, kill_after: float = float("inf"), work=outcome_of) -> Tuner:
    """Run a search to its end, with `jobs` trials at a time, which end in the order in which they began.

    Raises:
        Killed: after `kill_after` trainings; a half stands for a training that has ended but was not reported.
    """
    tuner, running, done = tuner_of(file), [], 0.0
    while True:
        while len(running) < jobs and (given := tuner.next()):
            running.append(given)
        if not running:
            tuner.save()
            return tuner
        run, task = running.pop(0)
        if done + 0.5 > kill_after:
            raise Killed
        outcome = work(run, task)
        if done + 1 > kill_after:
            raise Killed
        tuner.ended(run, outcome)
        done += 1


def without_clock(record: Search) -> dict:
    """A record without what depends on time."""

    def cleared(value):
        if isinstance(value, dict):
            return {key: cleared(item) for key, item in value.items() if key not in ("seconds", "clock")}
        return [cleared(item) for item in value] if isinstance(value, list | tuple) else value

    return cleared(record.model_dump())
