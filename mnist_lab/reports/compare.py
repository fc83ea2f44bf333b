"""Chosen runs against the first of them: a study with a chosen base, number by number and image by image.

Unlike a report, which finds the base of every experiment, a comparison has the base and the runs that the user names.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from statistics import fmean
from typing import Literal

from mnist_lab.analysis import mean_accuracy_interval, wilson
from mnist_lab.analysis.mcnemar import accuracy_difference
from mnist_lab.analysis.paired import paired
from mnist_lab.config import Change, describe, differences
from mnist_lab.errors import InputError
from mnist_lab.reports import wording
from mnist_lab.reports.runs import UNREADABLE, Group, Spread, collect, groups, short_names
from mnist_lab.reports.study import Entry, Family, Interval, Section, by_data, judged
from mnist_lab.runs import (
    Measured,
    Mistake,
    Run,
    RunFolder,
    find_folders,
    finished_runs,
    formats,
    is_run_folder,
    load_run,
)

Mistakes = dict[int, Mistake]
Pairs = Sequence[tuple[int, int]]
"""The positions of the runs of two sides that belong together."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a run, or the runs of one experiment and configuration, a seed each."""

    reference: str
    """How it was asked for."""
    group: Group
    """Its name is unlike that of any other side."""
    problems: tuple[str, ...] = ()
    """What kept runs from being in it."""


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
    other_wrong: int
    """How many of the other side's."""


@dataclass(frozen=True)
class Disputed:
    """The test images that two sides classify differently, over the pairs of models whose mistakes are known."""

    pairs: int
    base_errs: tuple[DisputedImage, ...]
    """Those that the base gets wrong more often: first where by most models, then where most confidently."""
    other_errs: tuple[DisputedImage, ...]
    alike: int
    """How many others both sides get wrong equally often."""


@dataclass(frozen=True)
class Metric:
    """A number that every run has."""

    name: str
    label: str
    kind: Literal["accuracy", "gap", "count", "loss", "cost", "seconds"]
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
        match self.metric.kind:
            case "accuracy" | "loss":
                return wording.spread(numbers)
            case "gap":
                return wording.spread(numbers, sign="+")
            case "count":
                return f"{numbers.mean:,.0f}" if not numbers.deviation else wording.spread(numbers, 1, ",")
            case "cost":
                return wording.amount(numbers.mean)
            case "seconds":
                return wording.duration(numbers.mean)

    @property
    def difference_text(self) -> str:
        """Accuracies in percentage points, costs as multiples, the others in their own unit."""
        if self.difference is None:
            return ""
        match self.metric.kind:
            case "accuracy" | "gap":
                return wording.pp(self.difference)
            case "loss":
                return wording.signed(self.difference, 4)
            case "count":
                return wording.signed(self.difference, 0 if self.difference == round(self.difference) else 1)
            case _:
                return "" if self.ratio is None else "same" if self.ratio == 1 else f"x {self.ratio:.2f}"

    @property
    def interval_text(self) -> str:
        """The ends of the interval, in the unit of the difference."""
        if self.interval is None or self.metric.kind in ("cost", "seconds"):
            return ""
        scale, digits = {"accuracy": (100, 2), "gap": (100, 2), "loss": (1, 3), "count": (1, 0)}[self.metric.kind]
        return " to ".join(wording.signed(scale * end, digits) for end in self.interval)


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
    def test(self) -> Row:
        """The test accuracies."""
        return next(row for row in self.rows if row.metric is TEST)

    @property
    def cells(self) -> list[tuple[str, str, str, str, str]]:
        """A row for each metric: what it is, the base, the other, the difference and its interval."""
        found = []
        for row in self.rows:
            found.append(
                (row.metric.label, row.text(row.base), row.text(row.other), row.difference_text, row.interval_text)
            )
            if row.metric is TEST:
                images = self.entry.group.data.test_images
                sides = [wording.ends(side and accuracy_interval(side, images)) for side in (row.base, row.other)]
                found.append(("  interval", *sides, "", ""))
        return found


@dataclass(frozen=True)
class Comparison:
    """The first side, and the others against it."""

    section: Section
    """All sides, the base first."""
    arms: tuple[Arm, ...]
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
        """A row for each side: its name, what it changes, test accuracy, difference, interval and verdict."""
        base = self.base.group
        rows = [(base.name, "", wording.spread(base.test), "", "", "")]
        for arm in self.arms:
            group, test = arm.entry.group, arm.test
            verdict = wording.short_in_comparison(arm)
            rows.append(
                (
                    group.name,
                    group.changed,
                    wording.spread(group.test),
                    test.difference_text,
                    test.interval_text,
                    verdict,
                )
            )
        return rows


def find_sides(references: Sequence[str], results: Path) -> list[Side]:
    """The sides that `references` stand for, in their order.

    A run's folder or its id stands for that run. An experiment's name or folder, or a fingerprint, stands for all its
    finished runs, which have to differ in seed only.

    Args:
        references: what was asked for.
        results: the folder below which names are looked for.

    Raises:
        InputError: there is no such run, one is ambiguous or damaged, or a run is in two sides.
    """
    found = [_side(reference, results) for reference in references]
    _check_unlike(found)
    return _named(found)


def find_results(sides: Sequence[Side], results: Path) -> list[Group]:
    """The experiments of the results that `sides` were chosen from.

    Those are the results folders that their runs lie in, the part of a run's path above its experiment; and `results`
    where one was asked for by a name, as that is looked up there.
    """
    roots = dict.fromkeys(root for side in sides if (root := _root(side.group.runs[0])))
    if any(not Path(side.reference).is_dir() for side in sides):
        roots[results] = None
    return groups(collect(roots).runs)


def _root(run: Run) -> Path | None:
    """None for a run that does not lie in a folder named as its experiment."""
    parts = PurePosixPath(run.measured.run.experiment).parts
    *above, _ = run.folder.path.absolute().parts
    return Path(*above[: -len(parts)]) if tuple(above[-len(parts) :]) == parts else None


def _side(reference: str, results: Path) -> Side:
    path = Path(reference)
    if is_run_folder(path):
        run = load_run(path)
        return Side(reference, _group(reference, groups([run])), tuple(run.problems))
    below = [] if formats.is_file(path) else finished_runs(path)
    collected = collect([folder.path for folder in below or _of_one_experiment(reference, results)])
    if not collected.runs:
        raise InputError("\n".join(collected.problems))
    return Side(reference, _group(reference, groups(collected.runs)), collected.problems)


def _of_one_experiment(reference: str, results: Path) -> list[RunFolder]:
    folders = find_folders(reference, results)
    experiments = dict.fromkeys(folder.path.parent for folder in folders)
    if len(experiments) > 1:
        ids = {folder.id for folder in folders}
        several = [folder.path for folder in folders] if ids == {reference} else experiments
        listed = "".join(f"\n  {path}" for path in several)
        raise InputError(f"{reference}: {len(experiments)} experiments have runs of this name; choose one:{listed}")
    return folders


def _group(reference: str, found: Sequence[Group]) -> Group:
    if len(found) == 1:
        return found[0]
    if len({group.experiment for group in found}) > 1:
        names = "".join(f"\n  {group.experiment}" for group in found)
        raise InputError(
            f"{reference}: {len(found)} experiments have runs there; expected one:{names}",
            "`mnist-lab report` compares all runs of a folder.",
        )
    listed = "".join(
        f"\n  {group.fingerprint[:8]}  {', '.join(run.folder.id for run in group.runs)}" for group in found
    )
    raise InputError(
        f"{reference}: its runs have {len(found)} configurations; name one by its fingerprint:{listed}",
    )


def _check_unlike(sides: Sequence[Side]) -> None:
    owner: dict[Path, str] = {}
    for side in sides:
        for run in side.group.runs:
            place = run.folder.path.resolve()
            if place in owner:
                again = "twice" if owner[place] == side.reference else f"as {owner[place]} and in {side.reference}"
                raise InputError(f"{run.folder.path}: this run is named {again}; a comparison needs different runs.")
            owner[place] = side.reference


def _named(sides: Sequence[Side]) -> list[Side]:
    """Each by the end of its experiment's name, with seed or fingerprint if need be, and else by its folder."""
    ends = short_names(side.group.experiment for side in sides)
    names = [ends[side.group.experiment] for side in sides]
    for more in (_seed, _fingerprint, _folder):
        known = Counter(names)
        names = [
            more(name, side.group, [other.group for other in sides if other.group.experiment == side.group.experiment])
            if known[name] > 1
            else name
            for name, side in zip(names, sides, strict=True)
        ]
    return [
        replace(side, group=replace(side.group, name=name, base=None, changed="", is_base=False))
        for name, side in zip(names, sides, strict=True)
    ]


def _seed(name: str, group: Group, alike: Sequence[Group]) -> str:
    """With the seed, where all of the same experiment are single runs with different ones."""
    seeds = {other.seeds for other in alike}
    told = all(other.n == 1 for other in alike) and len(seeds) == len(alike)
    return f"{name}, seed {group.seeds[0]}" if told else name


def _fingerprint(name: str, group: Group, alike: Sequence[Group]) -> str:
    marks = {other.fingerprint for other in alike}
    return f"{name} ({group.fingerprint[:8]})" if len(marks) == len(alike) else name


def _folder(name: str, group: Group, alike: Sequence[Group]) -> str:
    return str(group.runs[0].folder.path if group.n == 1 else group.runs[0].folder.path.parent)


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
    return Comparison(
        section=Section(base.data.heading, entries),
        arms=tuple(
            _arm(base, entry, some, _pairs(base, entry.group, models_only=models_only))
            for entry, some in zip(entries[1:], changes, strict=True)
        ),
        models_only=models_only,
        problems=(*(problem for side in sides for problem in side.problems), *_missing([base, *arms])),
    )


def _families(base: Group, arms: Sequence[Group], results: Sequence[Group]) -> list[Family]:
    """What the arms are tested together with, so that choosing few of them does not correct for less.

    Arms whose base it is in `results` too belong to the family that a report of these would test them in; all others
    are a family of their own.
    """
    there = [group for some in by_data(results) for group in some if group.data == base.data]
    known = next((group for group in there if _same(group, base)), None)
    of_base = [group for group in there if known and group.base == known.name]
    among = [arm for arm in arms if any(_same(arm, group) for group in of_base)]
    names = {arm.name for arm in among}
    family = [(known, group) for group in of_base if known and not any(_same(arm, group) for arm in among)]
    found = [[*family, *((base, arm) for arm in among)], [(base, arm) for arm in arms if arm.name not in names]]
    return [some for some in found if some]


def _same(one: Group, other: Group) -> bool:
    return (one.experiment, one.fingerprint) == (other.experiment, other.fingerprint)


def _arm(base: Group, entry: Entry, changes: tuple[Change, ...], pairs: Pairs) -> Arm:
    both = [
        (a, b) for i, j in pairs if (a := base.mistakes[i]) is not None and (b := entry.group.mistakes[j]) is not None
    ]
    rows = [_row(metric, base, entry, pairs) for metric in METRICS]
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
    return [(base.seeds.index(seed), arm.seeds.index(seed)) for seed in base.seeds if seed in arm.seeds]


def _row(metric: Metric, base: Group, entry: Entry, pairs: Pairs) -> Row:
    """Without pairs the numbers are those of all runs, and no difference has an interval."""
    other, verdict = entry.group, entry.verdict
    theirs, ours = ([metric.of(run.measured) for run in group.runs] for group in (base, other))
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
    tested = {TEST: verdict, GAP: entry.gap}.get(metric)
    if tested and len(pairs) > 1:
        interval = tested.paired and tested.paired.interval
    elif metric is TEST and verdict and (models := verdict.models):
        total = base.runs[pairs[0][0]].measured.test.total
        interval = accuracy_difference(models.only_a_wrong, models.only_b_wrong, total, tests=verdict.models_remaining)
    if metric is TIME and base.machines != other.machines:
        difference = None
    return Row(metric, *spreads, difference, interval)


def accuracy_interval(accuracies: Spread, images: int) -> Interval:
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
        some.sort(key=lambda one: (-abs(one.base_wrong - one.other_wrong), -one.confidence, one.index))
    alike = sum(counts[0][index] == counts[1][index] for index in indices)
    return Disputed(len(both), tuple(lists[0]), tuple(lists[1]), alike)


def _missing(groups: Sequence[Group]) -> list[str]:
    """What cannot be told because files are missing; `Run.problems` says it of those that are damaged."""
    texts = []
    for group in groups:
        if group.config is None:
            texts.append(f"{group.name}: config.yaml cannot be read; its changes are not known.")
        for name, what in (("history.jsonl", "curves"), ("mistakes.json", "mistakes")):
            if lacking := sum(not (run.folder.path / name).exists() for run in group.runs):
                runs = f" in {lacking} of {group.n} runs" if group.n > 1 else ""
                texts.append(f"{group.name}: {name} is missing{runs}; its {what} are skipped.")
    return texts


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
