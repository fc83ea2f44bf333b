"""Compares chosen runs with a chosen base, number by number and image by image.

A report finds the base of every experiment; a comparison uses the base and the runs that the user names.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from statistics import fmean

from mnist_lab.analysis.mcnemar import accuracy_difference
from mnist_lab.analysis.paired import paired
from mnist_lab.analysis.resampled import resampled
from mnist_lab.analysis.verdicts import Verdict
from mnist_lab.config import Change, describe, differences
from mnist_lab.errors import InputError
from mnist_lab.reports import wording
from mnist_lab.reports.runs import UNREADABLE, Group, Interval, Spread
from mnist_lab.reports.sides import find_results, find_sides
from mnist_lab.reports.study import Entry, Family, Section, Study, judged, predicted_counts
from mnist_lab.runs import Measured, Mistake

Mistakes = dict[int, Mistake]
Texts = tuple[str, ...]

_NAMED = 3
"""The most sides that a title names; more are only counted."""


@dataclass(frozen=True)
class DisputedImage:
    """A test image that one side gets wrong more often than the other."""

    index: int
    """Its row in the test file, from 0."""
    label: int
    predicted: int
    """The class that the erring side predicts; the most frequent one over several models."""
    confidence: float
    """Mean confidence of these mistakes."""
    base_wrong: int
    """How many of the base's models get it wrong."""
    this_wrong: int
    """How many of the other side's models do."""


@dataclass(frozen=True)
class Disputed:
    """The test images that two sides classify differently, over the pairs of models whose mistakes are known."""

    pairs: int
    base_errs: tuple[DisputedImage, ...]
    """Those that the base gets wrong more often: by the most models first, then the most confidently."""
    this_errs: tuple[DisputedImage, ...]
    equally_often: int
    """How many images both sides get wrong equally often."""


@dataclass(frozen=True)
class Metric:
    """A number that every run has, and how it is written."""

    name: str
    label: str
    of: Callable[[Measured], float | None]
    text: Callable[[Spread], str]
    """Formats mean and, if it varies, standard deviation."""
    difference: Callable[[float], str] | None = None
    """Formats a difference; None for a cost, which is written as a multiple of the base's."""
    end: Callable[[float], str] = str
    """Formats an end of the difference's interval."""

    def over(self, group: Group) -> Spread | None:
        """Return the metric over a group's runs; None if no run has it."""
        return Spread.of(self.of(run.measured) for run in group.runs)


@dataclass(frozen=True)
class Row:
    """One metric of two sides."""

    metric: Metric
    base: Spread | None
    other: Spread | None
    difference: float | None
    """Difference of the means, over the pairs if there are any."""
    interval: Interval | None
    """95 % confidence interval of the difference: for the gap and the accuracy that the verdict is on, that of the
    deciding test, with its correction; uncorrected for all others. None for the number of wrong images, which is test
    accuracy in other words."""

    @property
    def ratio(self) -> float | None:
        """A cost as a multiple of the base's; None for other metrics, or if the two are not comparable."""
        if self.metric.difference or self.difference is None or not self.base or not self.other:
            return None
        return self.other.mean / self.base.mean if self.base.mean > 0 else None

    @property
    def cells(self) -> Texts:
        """The metric, the base, the other, the difference and the ends of its interval.

        Differences of accuracies are in percentage points, those of costs are multiples, others have the metric's unit.
        """
        difference = "" if self.ratio is None else wording.multiple(self.ratio)
        metric = self.metric
        if self.difference is not None and metric.difference:
            difference = metric.difference(self.difference)
        ends = " to ".join(map(metric.end, self.interval or ()))
        sides = (metric.text(side) if side else "" for side in (self.base, self.other))
        return metric.label, *sides, difference, ends


@dataclass(frozen=True, kw_only=True)
class Arm(Entry):
    """One side, compared with the base that was chosen."""

    base: Group
    verdict: Verdict
    sides: tuple[Group, Group]
    """The base and the arm, each with the runs that the numbers cover: the pairs, if there are any."""
    pairs: int
    """The number of pairs; 0 if no two runs belong together."""
    metric: Metric
    """The accuracy that its verdict is on."""

    @property
    def heading(self) -> str:
        """`nodes_1024 against mlp_512`."""
        return f"{self.group.name} against {self.base.name}"

    @cached_property
    def changes(self) -> list[Change]:
        """The changes in its configuration; none if one of the two cannot be read."""
        return _changes(self.base, self.group) or []

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Its metrics compared with the base's, without those that neither has."""
        return tuple(row for row in map(self._row, METRICS) if row.base is not None or row.other is not None)

    @property
    def cells(self) -> list[Texts]:
        """The cells of each row; below test accuracy both sides' intervals, unless their models are not independent."""
        found = [row.cells for row in self.rows]
        if not self.group.share:
            ends = [wording.ends(side.seeds_interval or side.images_interval) for side in self.sides]
            found.insert(1, ("Test, 95 % CI", *ends, "", ""))
        return found

    @cached_property
    def disputed(self) -> Disputed | None:
        """The images that it and the base classify differently; None if no pair of runs has readable mistakes."""
        wrong = zip(*(side.mistakes for side in self.sides), strict=True) if self.pairs else ()
        both = [(a, b) for a, b in wrong if a is not None and b is not None]
        return _disputed(both) if both else None

    def _row(self, metric: Metric) -> Row:
        """Compute a row; without pairs, its numbers are those of all runs, and it has no interval."""
        base, other = map(metric.over, self.sides)
        difference = other.mean - base.mean if base and other else None
        tested = {self.metric: self.verdict, GAP: self.gap}.get(metric)
        interval = tested and tested.paired and tested.paired.interval
        if self.pairs:
            values = zip(*([metric.of(run.measured) for run in side.runs] for side in self.sides), strict=True)
            both = [(a, b) for a, b in values if a is not None and b is not None]
            difference = fmean(b - a for a, b in both) if both else None
            if not tested and len(both) > 1 and metric.difference and metric is not WRONG:
                of, share = list(zip(*both, strict=True)), self.base.share
                pair = resampled(*of, share=share) if share else paired(*of)
                interval = pair.interval if pair.sd else None  # none if every seed differs by the same, as epochs do
        if metric is TEST and (models := self.verdict.models):
            images = self.sides[0].data.test_images
            interval = accuracy_difference(models.only_a_wrong, models.only_b_wrong, images, tests=models.remaining)
        if metric is TIME and self.base.machines != self.group.machines:
            difference = None
        return Row(metric, base, other, difference, interval)


@dataclass(frozen=True)
class Comparison(Study):
    """A report on chosen runs: the others against the first of them."""

    arms: tuple[Arm, ...]
    metric: Metric
    """The accuracy that verdicts are on: test or, for cross-validated experiments, validation accuracy."""
    models_only: bool
    """Whether every side is a single run; they are then compared as models, whatever their seeds."""

    @property
    def section(self) -> Section:
        """All sides, the base first."""
        return self.sections[0]

    @property
    def base(self) -> Entry:
        """What the others are compared with."""
        return self.section.entries[0]

    @property
    def overview(self) -> list[Texts]:
        """One row per side: its name, what it changes, its accuracy (`metric`), difference, interval and verdict."""
        score = [wording.spread(self.metric.over(group)) for group in self.groups]
        rows: list[Texts] = [(self.base.group.name, "", score[0], "", "", "")]
        for arm, accuracy in zip(self.arms, score[1:], strict=True):
            *_, difference, ends = next(row.cells for row in arm.rows if row.metric is self.metric)
            outcome = wording.comparison.short(arm)
            rows.append((arm.group.name, arm.group.changed, accuracy, difference, ends, outcome))
        return rows


def compare(references: Sequence[str], results: Path) -> Comparison:
    """Compare each of the sides that `references` stand for (`find_sides`) with the first.

    Runs with the same seed belong together; if every side is a single run, these do. Verdicts are corrected for their
    family in the results that the runs come from, so they match a report on those results.

    Raises:
        InputError: as for `find_sides`; or they were tested on different images, or cross-validated with different
            folds.
    """
    sides, problems = find_sides(references, results)
    models_only = all(side.n == 1 for side in sides)
    _check_images(sides, models_only=models_only)
    base, *others = sides
    names = [side.name for side in others]
    arms = [replace(arm, base=base.name, changed=_changed(base, arm, models_only=models_only)) for arm in others]
    families = _families(base, arms, find_results(references, sides, results))
    entries = judged([base, *arms], families, models_only=models_only)
    metric = VALIDATION if base.share and not models_only else TEST
    compared = tuple(_arm(base, entry, metric, models_only=models_only) for entry in entries[1:])
    return Comparison(
        f"{wording.listed(names) if len(names) <= _NAMED else f'{len(names)} others'} against {base.name}",
        (Section(base.data.heading, (entries[0], *compared)),),
        (*problems, *_missing(sides)),
        compared,
        metric,
        models_only,
    )


def _families(base: Group, arms: Sequence[Group], results: Sequence[Group]) -> list[Family]:
    """Return the families in which the arms are tested, so that choosing few of them does not weaken the correction.

    Arms that have this base in `results` too belong to the family of a report on `results`; all others are a family of
    their own.
    """
    known = next((group for group in results if group.data == base.data and group.identity == base.identity), None)
    of_base = {
        group.identity: (known, group)
        for group in results
        if known and group.data == base.data and group.base == known.name
    }
    among = [(base, arm) for arm in arms if arm.identity in of_base]
    others = of_base.keys() - {arm.identity for _, arm in among}
    found = [
        [*(pair for identity, pair in of_base.items() if identity in others), *among],
        [(base, arm) for arm in arms if arm.identity not in of_base],
    ]
    return [some for some in found if some]


def _changes(base: Group, arm: Group) -> list[Change] | None:
    return differences(base.config, arm.config) if base.config and arm.config else None


def _changed(base: Group, arm: Group, *, models_only: bool) -> str:
    if (changes := _changes(base, arm)) is None:
        return UNREADABLE
    seed = f"seed {base.seeds[0]} -> {arm.seeds[0]}" if models_only and base.seeds != arm.seeds else ""
    return "; ".join(filter(None, (describe(changes), seed))) or "nothing"


def _check_images(groups: Sequence[Group], *, models_only: bool) -> None:
    """Check that the sides can be paired: they have the same test images and folds."""
    data = [(group.name, group.data) for group in groups]
    if len({(one.sha256, one.test_images) for _, one in data}) > 1:
        headings = Counter(one.heading for _, one in data)
        listed = "".join(
            f"\n  {name}: {one.heading}" + (f" (SHA-256 {one.sha256[:8]})" if headings[one.heading] > 1 else "")
            for name, one in data
        )
        raise InputError(
            f"These were tested on different images, so they cannot be compared image by image or in pairs:{listed}",
            "Compare runs of one data set; `mnist-lab report` lists data sets separately.",
        )
    if not models_only and len({one.folds for _, one in data}) > 1:
        listed = "".join(f"\n  {name}: {one.heading}" for name, one in data)
        raise InputError(
            f"These were not cross-validated with the same folds, so they cannot be compared in pairs:{listed}",
            "Compare runs with the same data.validation, or single runs.",
        )
    drawn = [group for group in groups if group.draws_test_images]
    if models_only and drawn and any(group.seeds != groups[0].seeds for group in groups):
        raise InputError(
            f"{drawn[0].name}: its {drawn[0].data.test_images:,} test images were drawn by its seed "
            "(data.test_subset), so runs with other seeds were tested on other images.",
            "Compare runs with the same seed.",
        )


def _arm(base: Group, entry: Entry, metric: Metric, *, models_only: bool) -> Arm:
    sides, shared = (base, entry.group), [key for key in base.keys if key in entry.group.keys]
    if shared and not models_only:
        sides = base.only(shared), entry.group.only(shared)
    pairs = sides[0].n if shared or models_only else 0
    return Arm(**vars(entry), sides=sides, pairs=pairs, metric=metric)


def _disputed(both: Sequence[tuple[Mistakes, Mistakes]]) -> Disputed:
    sides = [[pair[side] for pair in both] for side in (0, 1)]
    base, this = counts = [Counter(index for some in side for index in some) for side in sides]

    def image(index: int, errs: int) -> DisputedImage:
        made = [some[index] for some in sides[errs] if index in some]
        confidence = fmean(one.confidence for one in made)
        predicted = next(iter(predicted_counts(made)))
        return DisputedImage(index, made[0].label, predicted, confidence, base[index], this[index])

    def most_first(errs: int) -> tuple[DisputedImage, ...]:
        found = [image(index, errs) for index in counts[errs] if counts[errs][index] > counts[1 - errs][index]]
        return tuple(sorted(found, key=lambda one: (-abs(one.base_wrong - one.this_wrong), -one.confidence, one.index)))

    equally_often = sum(this[index] == times for index, times in base.items())
    return Disputed(len(both), most_first(0), most_first(1), equally_often)


def _missing(groups: Sequence[Group]) -> list[str]:
    """Return what is unknown because files are missing; `Run.problems` covers damaged ones."""
    texts = []
    for group in groups:
        if group.config is None:
            texts.append(f"{group.name}: config.yaml is missing or damaged, so its changes are unknown.")
        for name, lost in (("history.jsonl", "curves are not drawn"), ("mistakes.json", "mistakes are not compared")):
            if lacking := sum(not (run.folder.path / name).exists() for run in group.runs):
                runs = f" in {lacking} of {group.n} runs" if group.n > 1 else ""
                texts.append(f"{group.name}: {name} is missing{runs}; its {lost}.")
    return texts


ACCURACY = partial(Metric, text=wording.spread, difference=wording.pp, end=lambda end: wording.signed(100 * end))
LOSS = partial(
    Metric,
    text=wording.spread,
    difference=lambda value: wording.signed(value, 4),
    end=lambda end: wording.signed(end, 3),
)
COUNT = partial(
    Metric,
    text=lambda numbers: wording.spread(numbers, 1, ",") if numbers.deviation else f"{numbers.mean:,.0f}",
    difference=lambda value: wording.signed(value, 0 if value == round(value) else 1),
    end=lambda end: wording.signed(end, 0),
)
COST = partial(Metric, text=lambda numbers: wording.amount(numbers.mean))
TEST = ACCURACY("test_accuracy", "Test", lambda result: result.test.accuracy)
GAP = ACCURACY("gap", "Gap", lambda result: result.gap, text=lambda numbers: wording.spread(numbers, sign="+"))
VALIDATION = ACCURACY("validation_accuracy", "Validation", lambda result: result.validation_accuracy)
TIME = COST(
    "training_seconds",
    "Training time",
    lambda result: result.median_training_seconds,
    text=lambda seconds: wording.amount(seconds.mean, "s"),
)
WRONG = COUNT("test_wrong", "Wrong images", lambda result: result.test.wrong)
METRICS = (
    TEST,
    WRONG,
    LOSS("test_loss", "Test loss", lambda result: result.test.loss),
    VALIDATION,
    ACCURACY("train_accuracy", "Train", lambda result: result.train.accuracy),
    GAP,
    COUNT("epochs", "Epochs", lambda result: result.epochs),
    COUNT("saved_epoch", "Saved epoch", lambda result: result.best.epoch),
    COST("parameters", "Parameters", lambda result: result.parameters.total),
    COST(
        "flops",
        "Training FLOPs",
        lambda result: result.flops,
        text=lambda flops: wording.amount(flops.mean, "FLOPs"),
    ),
    TIME,
)
