"""Observations about one run. Each comes from a rule: a name, a number, and the facts that its sentence needs.

A rule is a function from the `Evidence` to an observation or None, defined by its docstring and the constants
above it. To add one, write the function, name it in `RULES`, and give it its sentence in `reports.wording`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan, log
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from mnist_lab.analysis.intervals import wilson
from mnist_lab.analysis.landmarks import keeps, overfitting_onset, window
from mnist_lab.errors import MnistLabError
from mnist_lab.history import History, best_epoch, column

if TYPE_CHECKING:
    from mnist_lab.config import Config
    from mnist_lab.runs import Measured, Run

OVERFIT_GAP = 0.01  # training accuracy above validation accuracy, from which it is overfitting
FITTED = 0.95  # training and validation accuracy both below it are underfitting
EXPLODED = 2.0  # training loss at the end over the larger of its start and that of guessing
LEARNED = 0.1  # share of the way from guessing to perfect, below which nothing was learned
MEMORISED = 0.5  # share of that way that training accuracy must be along for a held-out one at chance to be overfitting
IMPROVING = 0.02  # fall of validation loss between the last two windows, as a fraction
LEVELS = (0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)  # accuracies worth naming


@dataclass(frozen=True)
class Observation:
    """What a rule found."""

    rule: str
    """The rule's name, stable for programs."""
    value: float | None
    """The rule's number: a fraction of 1 for accuracies and their differences, or an epoch. Always finite."""
    facts: Mapping[str, Any]
    """What its sentence is made from, by name."""


@dataclass(frozen=True)
class Evidence:
    """What the rules may look at."""

    history: History
    test_accuracy: float | None = None
    """Of the model that was kept."""
    test_interval: tuple[float, float] | None = None
    """Its 95 % confidence interval, for example by `wilson`."""
    reference: Mapping[str, Any] = field(default_factory=dict)
    """Published numbers: `test_accuracy`, `best_test_accuracy`."""
    monitor: str = "val_loss"
    """What the best epoch is judged by: `val_loss`, `val_accuracy`, `loss` or `accuracy`."""
    validation_name: str = "validation"
    """`validation`, or `test` if the test set serves as one."""
    validation_rows: int | None = None
    """How many rows validation accuracy was measured on."""
    classes: int | None = None
    """How many classes there are; without it nothing is said about guessing."""
    understated: bool = False
    """Whether dropout, augmentation or the like is active while training accuracy is measured."""

    def last(self, key: str) -> float:
        """The value of `key` at the last epoch; NaN if there is none."""
        return column(self.history[-1:], key)[0] if self.history else float("nan")

    @property
    def epochs(self) -> int:
        """The number of the last epoch."""
        return int(self.history[-1]["epoch"]) if self.history else 0

    @property
    def held_out(self) -> tuple[str, float]:
        """Name and accuracy of what training is compared with: validation at the end, without it the test."""
        if any("val_accuracy" in row for row in self.history):
            return self.validation_name, self.last("val_accuracy")
        return "test", float("nan") if self.test_accuracy is None else self.test_accuracy

    @property
    def gap(self) -> float:
        """Training minus held-out accuracy at the end; NaN if either is missing."""
        return self.last("accuracy") - self.held_out[1]

    @property
    def gap_counts(self) -> bool:
        """Whether the gap is at least `OVERFIT_GAP` and more than the number of validation rows leaves open."""
        if not self.gap >= OVERFIT_GAP:
            return False
        name, accuracy = self.held_out
        if not self.validation_rows or name != self.validation_name:
            return True
        return self.last("accuracy") > wilson(round(accuracy * self.validation_rows), self.validation_rows)[1]

    @property
    def learned(self) -> bool:
        """Whether training went anywhere: there are epochs, and `diverged` does not apply."""
        return bool(self.history) and diverged(self) is None


Rule = Callable[[Evidence], Observation | None]


def observe(evidence: Evidence) -> list[Observation]:
    """The observations about a run, in the order of `RULES`.

    For a run near chance level, that is the only observation: how well it fits is meaningless.
    """
    rules = (diverged, chance_level) if chance_level(evidence) else RULES
    return [observation for rule in rules if (observation := rule(evidence)) is not None]


def observe_run(config: "Config", measured: "Measured", history: History) -> list[Observation]:
    """The observations about a run, from its configuration, its numbers and its history.

    Those that `measured` has already are ignored.
    """
    dataset, test = measured.dataset, measured.test
    return observe(
        Evidence(
            history,
            test_accuracy=test.accuracy,
            test_interval=test.ci95,
            reference=config.reference.applicable.model_dump(exclude_none=True) if config.reference else {},
            monitor=config.train.restore_best or "val_loss",
            validation_name="test" if dataset.selected_on_test else "validation",
            validation_rows=dataset.validation or None,
            classes=dataset.classes,
            understated=bool(config.handicaps),
        )
    )


def observed(run: "Run") -> list[Observation]:
    """The observations about a finished run, in the words of this version; as stored if its files are damaged."""
    try:
        return observe_run(run.config, run.measured, run.history)
    except MnistLabError:
        return [Observation(one.rule, one.value, {"text": one.text}) for one in run.measured.observations]


def diverged(run: Evidence) -> Observation | None:
    """A loss is not finite, or training loss ends above `EXPLODED` times both its start and that of guessing."""
    for key, name in (("loss", "training"), ("val_loss", run.validation_name)):
        for row, value in zip(run.history, column(run.history, key), strict=True):
            if key in row and isnan(value):
                return Observation("diverged", int(row["epoch"]), {"loss": name, "epoch": int(row["epoch"])})
    losses = column(run.history, "loss")
    guessing = log(run.classes) if run.classes else 0.0
    if losses and losses[-1] > EXPLODED * max(losses[0], guessing):
        return Observation("diverged", losses[-1], {"first": losses[0], "last": losses[-1]})
    return None


def chance_level(run: Evidence) -> Observation | None:
    """Training accuracy ends less than `LEARNED` of the way from guessing (1 / classes) to perfect.

    Or held-out accuracy does, while training accuracy is not even `MEMORISED` of that way along.
    """
    if run.classes is None or run.classes < 2:
        return None
    chance = 1 / run.classes
    accuracy, (_, other) = run.last("accuracy"), run.held_out
    learned, memorised = (chance + share * (1 - chance) for share in (LEARNED, MEMORISED))
    if not (accuracy < learned or (accuracy < memorised and other < learned)):
        return None
    return Observation("chance_level", accuracy, {**_accuracies(run), "chance": chance})


def overfits(run: Evidence) -> Observation | None:
    """The gap counts (`Evidence.gap_counts`), or validation loss has turned (`overfitting_onset`).

    Running training accuracy is taken during the epoch, with dropout and augmentation on, and so understates:
    a gap that shows nevertheless is there.
    """
    start = overfitting_onset(run.history)
    if not run.learned or not (run.gap_counts or start):
        return None
    facts: dict[str, Any] = {"gap": _accuracies(run) if run.gap_counts else None}
    if start:
        facts |= {"loss": run.validation_name, "lowest": start.epoch, "rise": start.rise, "epochs": run.epochs}
    return Observation("overfits", run.gap if isfinite(run.gap) else None, facts)


def onset(run: Evidence) -> Observation | None:
    """Where validation loss turned, with validation accuracy after it (`overfitting_onset`)."""
    found = overfitting_onset(run.history)
    if not run.learned or found is None or len(found.after) < 2:
        return None
    after = {"mean": mean(found.after), "deviation": stdev(found.after)}
    return Observation("overfitting_onset", found.epoch, {"name": run.validation_name, "epoch": found.epoch, **after})


def underfits(run: Evidence) -> Observation | None:
    """No overfitting, and both training and held-out accuracy end below `FITTED`."""
    accuracy, (_, other) = run.last("accuracy"), run.held_out
    if not run.learned or not (round(accuracy, 4) < FITTED and round(other, 4) < FITTED) or overfits(run):
        return None
    return Observation("underfits", accuracy, _accuracies(run))


def no_overfitting(run: Evidence) -> Observation | None:
    """At least two epochs, a known gap, and neither `overfits` nor `underfits` applies."""
    if len(run.history) < 2 or not run.learned or isnan(run.gap) or overfits(run) or underfits(run):
        return None
    rows = run.validation_rows if run.gap >= OVERFIT_GAP else None
    facts = {"gap": _accuracies(run), "rows": rows, "understated": run.understated}
    return Observation("no_overfitting", run.gap, facts)


def still_improving(run: Evidence) -> Observation | None:
    """Validation loss is lowest within the last window and its mean there is `IMPROVING` below the one before.

    A window is a tenth of the epochs, at least two; in runs of two or three epochs it is one.
    """
    losses = column(run.history, "val_loss")
    lowest = best_epoch(run.history, "val_loss")
    size = window(len(losses)) if len(losses) >= 4 else 1
    if lowest is None or len(losses) < 2 or not run.learned:
        return None
    before, now = mean(losses[-2 * size : -size]), mean(losses[-size:])
    fall = 1 - now / before if before > 0 else 0.0
    if lowest[0] <= run.epochs - size or fall < IMPROVING:
        return None
    facts = {"name": run.validation_name, "epochs": run.epochs, "window": size, "before": before, "now": now}
    return Observation("still_improving", fall, facts)


def best(run: Evidence) -> Observation | None:
    """The epoch at which the monitored quantity is best."""
    found = best_epoch(run.history, run.monitor)
    if found is None:
        return None
    last = run.last(run.monitor)
    name = f"{run.validation_name} " if run.monitor.startswith("val_") else "training "
    facts = {
        "what": name + run.monitor.removeprefix("val_"),
        "epoch": found[0],
        "epochs": run.epochs,
        "best": found[1],
        "last": last if isfinite(last) else None,
    }
    return Observation("best_epoch", found[0], facts)


def settled(run: Evidence) -> Observation | None:
    """The highest of `LEVELS` that validation accuracy keeps to the end (`landmarks.keeps`)."""
    for level in reversed(LEVELS):
        if (first := keeps(run.history, level)) is not None:
            return Observation("stays_above", first, {"name": run.validation_name, "level": level, "epoch": first})
    return None


def reference(run: Evidence) -> Observation | None:
    """Where the published test accuracy lies with respect to ours and its 95 % interval.

    The interval covers the choice of test images; it does not cover the choice of the seed.
    """
    published, ours = run.reference.get("test_accuracy"), run.test_accuracy
    if published is None or ours is None or isnan(ours):
        return None
    return Observation("reference", ours - published, {"ours": ours, "theirs": published, "ci": run.test_interval})


def reference_best(run: Evidence) -> Observation | None:
    """Best test accuracy over epochs beside the published best, where the test set is the validation set."""
    published, ours = run.reference.get("best_test_accuracy"), best_epoch(run.history, "val_accuracy")
    if published is None or ours is None or run.validation_name != "test":
        return None
    return Observation("reference_best", ours[1] - published, {"ours": ours[1], "epoch": ours[0], "theirs": published})


def selected_on_test(run: Evidence) -> Observation | None:
    """The test set is the validation set, so that the best epoch is chosen on it."""
    found = best_epoch(run.history, "val_accuracy")
    if run.validation_name != "test" or found is None:
        return None
    last = run.last("val_accuracy") if isfinite(run.last("val_accuracy")) else None
    facts = {"best": found[1], "epoch": found[0], "last": last}
    return Observation("selected_on_test", None if last is None else found[1] - last, facts)


def _accuracies(run: Evidence) -> dict[str, Any]:
    """Of training and of what it is compared with, at the end."""
    name, accuracy = run.held_out
    return {"training": run.last("accuracy"), "name": name, "held_out": None if isnan(accuracy) else accuracy}


RULES: Sequence[Rule] = (
    diverged,
    chance_level,
    overfits,
    onset,
    underfits,
    no_overfitting,
    still_improving,
    best,
    settled,
    reference,
    reference_best,
    selected_on_test,
)
