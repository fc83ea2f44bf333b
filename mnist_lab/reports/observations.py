"""Observations about one run. Each comes from a rule: a name, a number, and a sentence.

A rule is a function from the `Evidence` to an observation or None, defined by its docstring and the constants
above it. To add one, write the function and name it in `RULES`. The number is a fraction of 1 for accuracies and their
differences, or an epoch, and always finite.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, log
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from mnist_lab.analysis.intervals import wilson
from mnist_lab.analysis.landmarks import keeps, overfitting_onset, window
from mnist_lab.errors import MnistLabError
from mnist_lab.history import History, best_epoch, column
from mnist_lab.reports.wording.numbers import CI
from mnist_lab.runs.measured import Observed
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.config import Config
    from mnist_lab.runs import Measured, Run

OVERFIT_GAP = 0.01  # training accuracy at least this much above validation accuracy is overfitting
FITTED = 0.95  # training and validation accuracy both below this are underfitting
EXPLODED = 2.0  # training loss at the end over the larger of its start and that of guessing
LEARNED = 0.1  # share of the way from guessing to perfect, below which nothing was learned
MEMORIZED = 0.5  # if held-out accuracy is at chance, training accuracy this share of the way to perfect is overfitting
IMPROVING = 0.02  # fall of validation loss between the last two windows, as a fraction
LEVELS = (0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)  # accuracies worth naming


@dataclass(frozen=True)
class Evidence:
    """What the rules may look at."""

    history: History
    test_accuracy: float | None = None
    """Test accuracy of the saved model."""
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
        """Return the value of `key` at the last epoch; NaN if there is none."""
        return column(self.history[-1:], key)[0] if self.history else float("nan")

    @property
    def epochs(self) -> int:
        """The number of the last epoch."""
        return int(self.history[-1]["epoch"]) if self.history else 0

    @property
    def held_out(self) -> tuple[str, float]:
        """Name and accuracy of what training is compared with: validation at the end or, without it, the test."""
        if any("val_accuracy" in row for row in self.history):
            return self.validation_name, self.last("val_accuracy")
        return "test", float("nan") if self.test_accuracy is None else self.test_accuracy

    @property
    def gap(self) -> float:
        """Training minus held-out accuracy at the end; NaN if either is missing."""
        return self.last("accuracy") - self.held_out[1]

    @property
    def gap_counts(self) -> bool:
        """Whether the gap is at least `OVERFIT_GAP` and more than chance explains with this many validation rows."""
        if not self.gap >= OVERFIT_GAP:
            return False
        name, accuracy = self.held_out
        if not self.validation_rows or name != self.validation_name:
            return True
        return self.last("accuracy") > wilson(round(accuracy * self.validation_rows), self.validation_rows)[1]

    @property
    def learned(self) -> bool:
        """Whether training got anywhere: there are epochs, and `diverged` does not apply."""
        return bool(self.history) and diverged(self) is None


Rule = Callable[[Evidence], Observed | None]


def observe(evidence: Evidence) -> list[Observed]:
    """Return the observations about a run, in the order of `RULES`.

    For a run near chance level, only that and divergence are reported: how well it fits is meaningless.
    """
    rules = (diverged, chance_level) if chance_level(evidence) else RULES
    return [observation for rule in rules if (observation := rule(evidence)) is not None]


def observe_run(config: "Config", measured: "Measured", history: History) -> list[Observed]:
    """Return the observations about a run, from its configuration, its numbers and its history.

    Those stored in `measured` are ignored.
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


def observed(run: "Run") -> list[Observed]:
    """Return the observations about a finished run, as this version makes them; if its files are damaged, as stored."""
    try:
        return observe_run(run.config, run.measured, run.history)
    except MnistLabError:
        return list(run.measured.observations)


def diverged(run: Evidence) -> Observed | None:
    """Observe that a loss is not finite or training loss ends above `EXPLODED` times its start and that of guessing."""
    for key, name in (("loss", "training"), ("val_loss", run.validation_name)):
        for row, value in zip(run.history, column(run.history, key), strict=True):
            if key in row and isnan(value):
                epoch = int(row["epoch"])
                text = f"Diverged: {name} loss is not finite at epoch {epoch}."
                return Observed(rule="diverged", value=epoch, text=text)
    losses = column(run.history, "loss")
    guessing = log(run.classes) if run.classes else 0.0
    if losses and losses[-1] > EXPLODED * max(losses[0], guessing):
        text = f"Diverged: training loss rose from {losses[0]:.4g} at epoch 1 to {losses[-1]:.4g} at the end."
        return Observed(rule="diverged", value=losses[-1], text=text)
    return None


def chance_level(run: Evidence) -> Observed | None:
    """Training accuracy ends less than `LEARNED` of the way from guessing (1 / classes) to perfect.

    Or held-out accuracy does, while training accuracy is not even `MEMORIZED` of that way along.
    """
    if run.classes is None or run.classes < 2:
        return None
    chance = 1 / run.classes
    accuracy, (name, other) = run.last("accuracy"), run.held_out
    learned, memorized = (chance + share * (1 - chance) for share in (LEARNED, MEMORIZED))
    if not (accuracy < learned or (accuracy < memorized and other < learned)):
        return None
    held_out = "" if isnan(other) else f" and {name} accuracy at {other:.4f}"
    text = f"Near chance level: training accuracy ends at {accuracy:.4f}{held_out}; guessing gives {chance:.4f}."
    return Observed(rule="chance_level", value=accuracy, text=text)


def overfits(run: Evidence) -> Observed | None:
    """Observe that the gap counts (`Evidence.gap_counts`), or that validation loss has turned (`overfitting_onset`).

    Running training accuracy is measured during the epoch, with dropout and augmentation active, so it is too low:
    a gap that shows nevertheless is real.
    """
    start = overfitting_onset(run.history)
    if not run.learned or not (run.gap_counts or start):
        return None
    parts = [_gap(run)] if run.gap_counts else []
    if start:
        rise = f"rose {100 * start.rise:.0f} % by epoch {run.epochs}"
        parts.append(f"{run.validation_name} loss was lowest at epoch {start.epoch} and {rise}")
    value = None if isnan(run.gap) else run.gap
    return Observed(rule="overfits", value=value, text=f"Overfits: {'; '.join(parts)}.")


def onset(run: Evidence) -> Observed | None:
    """Where validation loss turned, with validation accuracy after it (`overfitting_onset`)."""
    found = overfitting_onset(run.history)
    if not run.learned or found is None or len(found.after) < 2:
        return None
    text = (
        f"Overfitting starts at epoch {found.epoch}: {run.validation_name} accuracy after it is "
        f"{mean(found.after):.4f} ± {stdev(found.after):.4f} (mean and standard deviation of the epochs that follow)."
    )
    return Observed(rule="overfitting_onset", value=found.epoch, text=text)


def underfits(run: Evidence) -> Observed | None:
    """No overfitting, and both training and held-out accuracy end below `FITTED`."""
    accuracy, (name, other) = run.last("accuracy"), run.held_out
    if not run.learned or not (round(accuracy, 4) < FITTED and round(other, 4) < FITTED) or overfits(run):
        return None
    where = f"{accuracy:.4f} (training) and {other:.4f} ({name})"
    return Observed(rule="underfits", value=accuracy, text=f"Underfits: accuracy ends at {where}, both below {FITTED}.")


def no_overfitting(run: Evidence) -> Observed | None:
    """At least two epochs, a known gap, and neither `overfits` nor `underfits` applies."""
    if len(run.history) < 2 or not run.learned or isnan(run.gap) or overfits(run) or underfits(run):
        return None
    text = f"No sign of overfitting: {_gap(run)}"
    if run.validation_rows and run.gap >= OVERFIT_GAP:
        text += f", which could be chance with only {count(run.validation_rows, f'{run.held_out[0]} image')}"
    elif run.understated:
        text += ", though dropout or augmentation lowers training accuracy"
    return Observed(rule="no_overfitting", value=run.gap, text=f"{text}.")


def still_improving(run: Evidence) -> Observed | None:
    """Observe that validation loss is lowest in the last window and its mean there `IMPROVING` below the one before.

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
    name, percent = run.validation_name, f"{100 * fall:.0f} %"
    if size == 1:
        text = f"{name} loss fell {percent} in the last epoch, from {before:.4f} to {now:.4f}"
    else:
        text = (
            f"mean {name} loss of the last {size} epochs is {percent} below that of the {size} before "
            f"({now:.4f} against {before:.4f})"
        )
    return Observed(rule="still_improving", value=fall, text=f"Still improving at epoch {run.epochs}: {text}.")


def best(run: Evidence) -> Observed | None:
    """Observe the epoch at which the monitored quantity is best."""
    found = best_epoch(run.history, run.monitor)
    if found is None:
        return None
    epoch, value = found
    name = f"{run.validation_name if run.monitor.startswith('val_') else 'training'} {run.monitor.removeprefix('val_')}"
    last = run.last(run.monitor)
    end = "" if epoch == run.epochs else f"; last epoch {'none' if isnan(last) else f'{last:.4f}'}"
    text = f"Best epoch by {name}: {epoch} of {run.epochs} ({value:.4f}{end})."
    return Observed(rule="best_epoch", value=epoch, text=text)


def settled(run: Evidence) -> Observed | None:
    """Observe the highest of `LEVELS` that validation accuracy keeps to the end (`landmarks.keeps`)."""
    for level in reversed(LEVELS):
        if (first := keeps(run.history, level)) is not None:
            name = run.validation_name.capitalize()
            text = f"{name} accuracy stays at or above {level:g} from epoch {first} on."
            return Observed(rule="stays_above", value=first, text=text)
    return None


def reference(run: Evidence) -> Observed | None:
    """Where the published test accuracy lies relative to ours and its 95 % interval.

    The interval covers the choice of test images, but not the choice of the seed.
    """
    published, ours = run.reference.get("test_accuracy"), run.test_accuracy
    if published is None or ours is None or isnan(ours):
        return None
    low, high = run.test_interval or (ours, ours)
    if published < low:
        place, where = "Above", "below"
    elif published > high:
        place, where = "Below", "above"
    else:
        place, where = "Consistent with" if run.test_interval else "Equals", "within"
    numbers = f"which lies {where} our {CI} {low:.4f} to {high:.4f} (one seed)" if run.test_interval else "one seed"
    text = f"{place} the published test accuracy: {ours:.4f} against {published:.4f}, {numbers}."
    return Observed(rule="reference", value=ours - published, text=text)


def reference_best(run: Evidence) -> Observed | None:
    """Best test accuracy over epochs compared with the published best, if the test set is the validation set."""
    published, ours = run.reference.get("best_test_accuracy"), best_epoch(run.history, "val_accuracy")
    if published is None or ours is None or run.validation_name != "test":
        return None
    epoch, accuracy = ours
    text = (
        f"Best test accuracy over the epochs: {accuracy:.4f} (epoch {epoch}), "
        f"{_beside(accuracy - published, 'the published best')}, {published:.4f} (one seed)."
    )
    return Observed(rule="reference_best", value=accuracy - published, text=text)


def selected_on_test(run: Evidence) -> Observed | None:
    """Observe that the test set is the validation set, so that the best epoch is chosen on it."""
    found = best_epoch(run.history, "val_accuracy")
    if run.validation_name != "test" or found is None:
        return None
    (epoch, accuracy), last = found, run.last("val_accuracy")
    end = "" if isnan(last) or epoch == run.epochs else f"; the last epoch's is {last:.4f}"
    text = (
        "Validated on the test set: the test images served as validation, so the best epoch's accuracy "
        f"{accuracy:.4f} (epoch {epoch}) is optimistic{end}."
    )
    return Observed(rule="selected_on_test", value=None if isnan(last) else accuracy - last, text=text)


def _gap(run: Evidence) -> str:
    """Say how far training accuracy ends from what it is compared with, which is known."""
    name, other = run.held_out
    numbers = f"({run.last('accuracy'):.4f} against {other:.4f})"
    return f"training accuracy ends {_beside(run.gap, name)} {numbers}"


def _beside(difference: float, other: str) -> str:
    """Format a difference: `0.12 pp above validation`, `equal to validation`."""
    if difference == 0:
        return f"equal to {other}"
    size = f"{100 * abs(difference):.2f}"
    size = "less than 0.01" if float(size) == 0 else size
    return f"{size} pp {'above' if difference > 0 else 'below'} {other}"


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
