"""Two sides of a comparison, number by number: what each has, by how much they differ, and how sure that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from mnist_lab.analysis import mean_accuracy_interval, wilson
from mnist_lab.analysis.family import Tested
from mnist_lab.analysis.mcnemar import accuracy_difference
from mnist_lab.analysis.paired import paired
from mnist_lab.analysis.verdicts import Verdict
from mnist_lab.analysis.wording import signed
from mnist_lab.report.columns import amount, duration
from mnist_lab.report.group import Group, Spread
from mnist_lab.runs import Measured

Kind = Literal["accuracy", "gap", "count", "loss", "cost", "seconds"]
Interval = tuple[float, float]
Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Metric:
    """A number that every run has."""

    name: str
    label: str
    kind: Kind
    of: Callable[[Measured], float | None]


@dataclass(frozen=True)
class Row:
    """One metric of two sides."""

    metric: Metric
    base: Spread | None
    other: Spread | None
    difference: float | None
    """Of the means; over the pairs, where there are any."""
    interval: Interval | None
    """95 % confidence interval of the difference: of test accuracy and gap that of the test which decides about it,
    corrected like it; of all others uncorrected."""

    @property
    def ratio(self) -> float | None:
        """How many times the base's a cost is; None for what is no cost, or was not measured alike."""
        if self.metric.kind not in ("cost", "seconds") or self.difference is None or not self.base or not self.other:
            return None
        return self.other.mean / self.base.mean if self.base.mean > 0 else None

    def text(self, numbers: Spread | None) -> str:
        """A side's mean and, of several seeds, standard deviation."""
        if numbers is None:
            return ""
        mean, deviation = numbers.mean, numbers.deviation
        match self.metric.kind:
            case "accuracy" | "loss" | "gap":
                text = f"{mean:{'+' if self.metric.kind == 'gap' else ''}.4f}"
                return text if deviation is None else f"{text} ± {deviation:.4f}"
            case "count":
                return f"{mean:,.0f}" if deviation is None or not deviation else f"{mean:,.1f} ± {deviation:.1f}"
            case "cost":
                return amount(mean, "")
            case "seconds":
                return duration(mean)

    @property
    def difference_text(self) -> str:
        """Accuracies in points, costs as multiples, the others in their own unit."""
        if self.difference is None:
            return ""
        match self.metric.kind:
            case "accuracy" | "gap":
                return f"{signed(100 * self.difference)} points"
            case "loss":
                return signed(self.difference, 4)
            case "count":
                return signed(self.difference, 0 if self.difference == round(self.difference) else 1)
            case _:
                return "" if self.ratio is None else "same" if self.ratio == 1 else f"x {self.ratio:.2f}"

    @property
    def interval_text(self) -> str:
        """The ends of the interval, in the unit of the difference."""
        if self.interval is None or self.metric.kind in ("cost", "seconds"):
            return ""
        scale, digits = {"accuracy": (100, 2), "gap": (100, 2), "loss": (1, 3), "count": (1, 0)}[self.metric.kind]
        return " to ".join(signed(scale * end, digits) for end in self.interval)


TEST = Metric("test_accuracy", "Test", "accuracy", lambda result: result.test.accuracy)
GAP = Metric("gap", "Gap", "gap", lambda result: result.gap)
TIME = Metric("training_seconds", "Time", "seconds", lambda result: result.training_seconds)
METRICS = (
    TEST,
    Metric("test_wrong", "Wrong images", "count", lambda result: result.test.wrong),
    Metric("test_loss", "Test loss", "loss", lambda result: result.test.loss),
    Metric("validation_accuracy", "Validation", "accuracy", lambda result: result.validation_accuracy),
    Metric("train_accuracy", "Train", "accuracy", lambda result: result.train.accuracy),
    GAP,
    Metric("epochs", "Epochs", "count", lambda result: result.epochs),
    Metric("saved_epoch", "Saved epoch", "count", lambda result: result.best.epoch),
    Metric("parameters", "Parameters", "cost", lambda result: result.parameters.total),
    Metric("flops", "FLOPs", "cost", lambda result: result.flops),
    TIME,
)


def rows(base: Group, other: Group, pairs: Pairs, verdict: Verdict, gap: Tested) -> list[Row]:
    """Every metric that one of two sides has.

    Args:
        base: what the other is compared with.
        other: that one.
        pairs: the positions in `base.runs` and `other.runs` of the runs that belong together; without any, the numbers
            are those of all runs, and no difference has an interval.
        verdict: on the test accuracy; of a single pair of models the interval is for the choice of test images.
        gap: the test of the gap.
    """
    found = [_row(metric, base, other, pairs, verdict, gap) for metric in METRICS]
    return [row for row in found if row.base is not None or row.other is not None]


def _row(metric: Metric, base: Group, other: Group, pairs: Pairs, verdict: Verdict, gap: Tested) -> Row:
    ours, theirs = (list(map(metric.of, group.results)) for group in (other, base))
    interval = None
    if pairs:
        both = [(theirs[i], ours[j]) for i, j in pairs]
        complete = [(a, b) for a, b in both if a is not None and b is not None]
        spreads = Spread.of(a for a, _ in both), Spread.of(b for _, b in both)
        difference = fmean(b - a for a, b in complete) if complete else None
        if len(complete) > 1 and metric.kind not in ("cost", "seconds"):
            pair = paired(*([*zip(*complete, strict=True)]))
            interval = pair.interval if pair.sd else None  # epochs differ by the same with every seed
    else:
        spreads = Spread.of(theirs), Spread.of(ours)
        difference = spreads[1].mean - spreads[0].mean if spreads[0] and spreads[1] else None
    tested = {TEST: verdict, GAP: gap}.get(metric)
    if tested and len(pairs) > 1:
        interval = tested.paired and tested.paired.interval
    elif metric is TEST and (models := verdict.models):
        total = base.results[pairs[0][0]].test.total
        interval = accuracy_difference(models.only_a_wrong, models.only_b_wrong, total, tests=verdict.models_remaining)
    if metric is TIME and base.machines != other.machines:
        difference = None
    return Row(metric, *spreads, difference, interval)


def accuracy_interval(accuracies: Spread, images: int) -> Interval:
    """The 95 % interval of a test accuracy: of one model for the choice of test images, else for that of seeds."""
    return mean_accuracy_interval(accuracies.values) or wilson(round(accuracies.mean * images), images)
