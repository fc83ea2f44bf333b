"""Compares chosen runs with a chosen base, number by number and image by image.

Unlike a report, which finds the base of every experiment, a comparison has the base and the runs that the user names.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from mnist_lab.analysis import mean_accuracy_interval, wilson
from mnist_lab.analysis.family import Tested
from mnist_lab.analysis.mcnemar import accuracy_difference
from mnist_lab.analysis.paired import paired
from mnist_lab.analysis.resampled import resampled
from mnist_lab.config import Change, describe, differences
from mnist_lab.errors import InputError
from mnist_lab.reports import wording
from mnist_lab.reports.runs import UNREADABLE, Group, Spread
from mnist_lab.reports.sides import Side
from mnist_lab.reports.study import Entry, Family, Interval, Section, judged
from mnist_lab.runs import Measured, Mistake
from mnist_lab.text.quantities import duration

Mistakes = dict[int, Mistake]
Pairs = Sequence[tuple[int, int]]
"""The positions of the runs of two sides that belong together."""


@dataclass(frozen=True)
class DisputedImage:
    """A test image that one side gets wrong more often than the other."""

    index: int
    """Its row in the test file, from 0."""
    label: int
    predicted: int
    """What the side that errs takes it for; of several models most often."""
    confidence: float
    """Mean confidence of these mistakes."""
    base_wrong: int
    """How many of the base's models get it wrong."""
    this_wrong: int
    """How many of the other side's."""


@dataclass(frozen=True)
class Disputed:
    """The test images that two sides classify differently, over the pairs of models whose mistakes are known."""

    pairs: int
    base_errs: tuple[DisputedImage, ...]
    """Those that the base gets wrong more often: first where by most models, then where most confidently."""
    this_errs: tuple[DisputedImage, ...]
    equally_often: int
    """How many both sides get wrong equally often."""


@dataclass(frozen=True)
class Unit:
    """How a number is written."""

    text: Callable[[Spread], str]
    """Mean and, where it varies, standard deviation."""
    difference: Callable[[float], str] | None = None
    """None for a cost, which is written as a multiple of the base's."""
    end: Callable[[float], str] = "".format
    """An end of the difference's interval."""


@dataclass(frozen=True)
class Metric:
    """A number that every run has."""

    name: str
    label: str
    unit: Unit
    of: Callable[[Measured], float | None]

    def over(self, group: Group) -> str:
        """Its mean and standard deviation over the runs of a group."""
        found = Spread.of(self.of(run.measured) for run in group.runs)
        return self.unit.text(found) if found else ""


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
        if self.metric.unit.difference or self.difference is None or not self.base or not self.other:
            return None
        return self.other.mean / self.base.mean if self.base.mean > 0 else None

    def text(self, numbers: Spread | None) -> str:
        """A side's mean and, of several seeds, standard deviation."""
        return self.metric.unit.text(numbers) if numbers else ""

    @property
    def difference_text(self) -> str:
        """Accuracies in percentage points, costs as multiples, the others in their own unit."""
        if self.difference is not None and self.metric.unit.difference:
            return self.metric.unit.difference(self.difference)
        return "" if self.ratio is None else "same" if self.ratio == 1 else f"x {self.ratio:.2f}"

    @property
    def interval_text(self) -> str:
        """The ends of the interval, in the unit of the difference."""
        return " to ".join(map(self.metric.unit.end, self.interval or ()))


@dataclass(frozen=True)
class Arm:
    """One side against the base."""

    entry: Entry
    changes: tuple[Change, ...]
    """In its configuration."""
    rows: tuple[Row, ...]
    """Its numbers beside the base's."""
    pairs: int
    """How many pairs of runs the numbers are over; 0 if no run belongs to another."""
    disputed: Disputed | None
    """None if no pair of runs has mistakes that can be read."""

    @property
    def heading(self) -> str:
        """`nodes_1024 against mlp_512`."""
        return f"{self.entry.group.name} against {self.entry.group.base}"

    @property
    def cells(self) -> list[tuple[str, str, str, str, str]]:
        """A row for each metric: what it is, the base, the other, the difference and its interval."""
        found = []
        for row in self.rows:
            found.append(
                (row.metric.label, row.text(row.base), row.text(row.other), row.difference_text, row.interval_text)
            )
            if row.metric is TEST and not self.entry.group.share:
                images = self.entry.group.data.test_images
                sides = [wording.ends(side and _accuracy_interval(side, images)) for side in (row.base, row.other)]
                found.append(("  interval", *sides, "", ""))
        return found


@dataclass(frozen=True)
class Comparison:
    """The first side, and the others against it."""

    section: Section
    """All sides, the base first."""
    arms: tuple[Arm, ...]
    metric: Metric
    """The accuracy that verdicts are on: of the test images; of cross-validated runs that of the validation images."""
    models_only: bool
    """Whether every side is a single run: then they are compared as models, whatever their seeds."""
    problems: tuple[str, ...]
    """What is missing, in sentences."""

    @property
    def base(self) -> Entry:
        """What the others are compared with."""
        return self.section.entries[0]

    @property
    def title(self) -> str:
        """All sides, in words."""
        return f"{wording.listed([arm.entry.group.name for arm in self.arms])} against {self.base.group.name}"

    @property
    def overview(self) -> list[tuple[str, str, str, str, str, str]]:
        """A row for each side: its name, what it changes, its accuracy (`metric`), difference, interval and verdict."""
        base = self.base.group
        rows = [(base.name, "", self.metric.over(base), "", "", "")]
        for arm in self.arms:
            group, row = arm.entry.group, next(row for row in arm.rows if row.metric is self.metric)
            outcome = row.difference_text, row.interval_text, wording.short_in_comparison(arm)
            rows.append((group.name, group.changed, self.metric.over(group), *outcome))
        return rows


def compare(sides: Sequence[Side], results: Sequence[Group] = ()) -> Comparison:
    """Compare each of the sides after the first with the first.

    Runs with the same seed belong together; if every side is a single run, these do. A verdict is corrected for the
    family that it belongs to in `results`, so that it is that of a report of the same runs.

    Args:
        sides: two or more, as `find_sides` gives them.
        results: the experiments of the results that they were chosen from, as `find_results` gives them.

    Raises:
        InputError: they were tested on different images.
    """
    models_only = all(side.group.n == 1 for side in sides)
    _check_images(sides, models_only=models_only)
    base, *others = (side.group for side in sides)
    changes = [tuple(differences(base.config, g.config)) if base.config and g.config else () for g in others]
    arms = [
        replace(group, base=base.name, changed=_changed(base, group, some, models_only=models_only))
        for group, some in zip(others, changes, strict=True)
    ]
    entries = judged([base, *arms], _families(base, arms, results), models_only=models_only)
    metric = VALIDATION if base.share and not models_only else TEST
    return Comparison(
        section=Section(base.data.heading, entries),
        arms=tuple(
            _arm(base, entry, some, _pairs(base, entry.group, models_only=models_only), metric)
            for entry, some in zip(entries[1:], changes, strict=True)
        ),
        metric=metric,
        models_only=models_only,
        problems=(*(problem for side in sides for problem in side.problems), *_missing([base, *arms])),
    )


def _families(base: Group, arms: Sequence[Group], results: Sequence[Group]) -> list[Family]:
    """What the arms are tested together with, so that choosing few of them does not correct for less.

    Arms whose base it is in `results` too belong to the family that a report of these would test them in; all others
    are a family of their own.
    """
    there = [group for group in results if group.data == base.data]
    known = next((group for group in there if _same(group, base)), None)
    of_base = [group for group in there if known and group.base == known.name]
    among = [arm for arm in arms if any(_same(arm, group) for group in of_base)]
    others = [(known, group) for group in of_base if known and not any(_same(arm, group) for arm in among)]
    found = [[*others, *((base, arm) for arm in among)], [(base, arm) for arm in arms if arm not in among]]
    return [some for some in found if some]


def _same(one: Group, other: Group) -> bool:
    return (one.experiment, one.fingerprint) == (other.experiment, other.fingerprint)


def _arm(base: Group, entry: Entry, changes: tuple[Change, ...], pairs: Pairs, judged_by: Metric) -> Arm:
    both = [
        (a, b) for i, j in pairs if (a := base.mistakes[i]) is not None and (b := entry.group.mistakes[j]) is not None
    ]
    tested = {judged_by: entry.verdict, GAP: entry.gap}
    rows = [_row(metric, base, entry, pairs, tested.get(metric)) for metric in METRICS]
    known = tuple(row for row in rows if row.base is not None or row.other is not None)
    return Arm(entry, changes, known, len(pairs), _disputed(both) if both else None)


def _changed(base: Group, arm: Group, changes: Sequence[Change], *, models_only: bool) -> str:
    if base.config is None or arm.config is None:
        return UNREADABLE
    text = describe(changes)
    if models_only and base.seeds != arm.seeds:
        seed = f"seed {base.seeds[0]} -> {arm.seeds[0]}"
        return f"{text}; {seed}" if text else seed
    return text or "nothing"


def _check_images(sides: Sequence[Side], *, models_only: bool) -> None:
    """Paired statements are about the same test images."""
    first = sides[0].group
    if len({(side.group.data.sha256, side.group.data.test_images) for side in sides}) > 1:
        headings = Counter(side.group.data.heading for side in sides)
        listed = "".join(
            f"\n  {side.group.name}: {side.group.data.heading}"
            + (f" (SHA-256 {side.group.data.sha256[:8]})" if headings[side.group.data.heading] > 1 else "")
            for side in sides
        )
        raise InputError(
            f"These were tested on different images, so they cannot be compared image by image or in pairs:{listed}",
            "Compare runs of one data set; `mnist-lab report` lists data sets separately.",
        )
    if not models_only and len({side.group.data.folds for side in sides}) > 1:
        listed = "".join(f"\n  {side.group.name}: {side.group.data.heading}" for side in sides)
        raise InputError(
            f"These were not cross-validated with the same folds, so they cannot be compared in pairs:{listed}",
            "Compare runs with the same data.validation, or single runs.",
        )
    drawn = [side for side in sides if side.group.draws_test_images]
    if models_only and drawn and any(side.group.seeds != first.seeds for side in sides):
        raise InputError(
            f"{drawn[0].group.name}: its {first.data.test_images:,} test images were drawn by its seed "
            "(data.test_subset), so runs with other seeds were tested on other images.",
            "Compare runs with the same seed.",
        )


def _pairs(base: Group, arm: Group, *, models_only: bool) -> list[tuple[int, int]]:
    """The positions of the runs that belong together."""
    if models_only:
        return [(0, 0)]
    return [(base.keys.index(key), arm.keys.index(key)) for key in base.keys if key in arm.keys]


def _row(metric: Metric, base: Group, entry: Entry, pairs: Pairs, tested: Tested | None) -> Row:
    """Without pairs the numbers are those of all runs, and no difference has an interval."""
    other, verdict = entry.group, entry.verdict
    theirs, ours = ([metric.of(run.measured) for run in group.runs] for group in (base, other))
    interval = None
    if pairs:
        both = [(theirs[i], ours[j]) for i, j in pairs]
        complete = [(a, b) for a, b in both if a is not None and b is not None]
        spreads = Spread.of(a for a, _ in both), Spread.of(b for _, b in both)
        difference = fmean(b - a for a, b in complete) if complete else None
        if len(complete) > 1 and metric.unit.difference:
            of = list(zip(*complete, strict=True))
            pair = resampled(*of, share=base.share) if base.share else paired(*of)
            interval = pair.interval if pair.sd else None  # epochs differ by the same with every seed
    else:
        spreads = Spread.of(theirs), Spread.of(ours)
        difference = spreads[1].mean - spreads[0].mean if spreads[0] and spreads[1] else None
    if tested and len(pairs) > 1:
        interval = tested.paired and tested.paired.interval
    elif metric is TEST and verdict and (models := verdict.models):
        total = base.runs[pairs[0][0]].measured.test.total
        interval = accuracy_difference(models.only_a_wrong, models.only_b_wrong, total, tests=models.remaining)
    if metric is TIME and base.machines != other.machines:
        difference = None
    return Row(metric, *spreads, difference, interval)


def _accuracy_interval(accuracies: Spread, images: int) -> Interval:
    """The 95 % interval of a test accuracy: of one model for the choice of test images, else for that of seeds."""
    return mean_accuracy_interval(accuracies.values) or wilson(round(accuracies.mean * images), images)


def _disputed(both: Sequence[tuple[Mistakes, Mistakes]]) -> Disputed:
    sides = [[pair[side] for pair in both] for side in (0, 1)]
    counts = [Counter(index for some in side for index in some) for side in sides]
    indices = counts[0].keys() | counts[1].keys()
    lists: tuple[list[DisputedImage], list[DisputedImage]] = ([], [])
    for index in indices:
        wrong = counts[0][index], counts[1][index]
        if wrong[0] == wrong[1]:
            continue
        errs = 0 if wrong[0] > wrong[1] else 1
        made = [some[index] for some in sides[errs] if index in some]
        predicted = min(Counter(one.predicted for one in made).items(), key=lambda pair: (-pair[1], pair[0]))[0]
        confidence = fmean(one.confidence for one in made)
        lists[errs].append(DisputedImage(index, made[0].label, predicted, confidence, *wrong))
    for some in lists:
        some.sort(key=lambda one: (-abs(one.base_wrong - one.this_wrong), -one.confidence, one.index))
    equally_often = sum(counts[0][index] == counts[1][index] for index in indices)
    return Disputed(len(both), tuple(lists[0]), tuple(lists[1]), equally_often)


def _missing(groups: Sequence[Group]) -> list[str]:
    """What is unknown because files are missing; `Run.problems` covers damaged ones."""
    texts = []
    for group in groups:
        if group.config is None:
            texts.append(f"{group.name}: config.yaml cannot be read; its changes are not known.")
        for name, what in (("history.jsonl", "curves"), ("mistakes.json", "mistakes")):
            if lacking := sum(not (run.folder.path / name).exists() for run in group.runs):
                runs = f" in {lacking} of {group.n} runs" if group.n > 1 else ""
                texts.append(f"{group.name}: {name} is missing{runs}; its {what} are skipped.")
    return texts


ACCURACY = Unit(wording.spread, wording.pp, lambda end: wording.signed(100 * end))
SIGNED = replace(ACCURACY, text=lambda numbers: wording.spread(numbers, sign="+"))
LOSS = Unit(wording.spread, lambda value: wording.signed(value, 4), lambda end: wording.signed(end, 3))
COUNT = Unit(
    lambda numbers: wording.spread(numbers, 1, ",") if numbers.deviation else f"{numbers.mean:,.0f}",
    lambda value: wording.signed(value, 0 if value == round(value) else 1),
    lambda end: wording.signed(end, 0),
)
COST = Unit(lambda numbers: wording.amount(numbers.mean))
TEST = Metric("test_accuracy", "Test", ACCURACY, lambda result: result.test.accuracy)
GAP = Metric("gap", "Gap", SIGNED, lambda result: result.gap)
VALIDATION = Metric("validation_accuracy", "Validation", ACCURACY, lambda result: result.validation_accuracy)
TIME = Metric(
    "training_seconds",
    "Training time",
    Unit(lambda seconds: duration(seconds.mean)),
    lambda result: result.median_training_seconds,
)
METRICS = (
    TEST,
    Metric("test_wrong", "Wrong images", COUNT, lambda result: result.test.wrong),
    Metric("test_loss", "Test loss", LOSS, lambda result: result.test.loss),
    VALIDATION,
    Metric("train_accuracy", "Train", ACCURACY, lambda result: result.train.accuracy),
    GAP,
    Metric("epochs", "Epochs", COUNT, lambda result: result.epochs),
    Metric("saved_epoch", "Saved epoch", COUNT, lambda result: result.best.epoch),
    Metric("parameters", "Parameters", COST, lambda result: result.parameters.total),
    Metric("flops", "FLOPs", COST, lambda result: result.flops),
    TIME,
)
