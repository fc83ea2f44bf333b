"""Chosen runs against the first of them, as data: what differs in their configurations and in their results.

`compare.md`, `compare.json` and the terminal say what stands here. Unlike a report (`report.study`), which finds the
base of every experiment by itself, a comparison is between what was asked for.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from mnist_lab.analysis import Observation
from mnist_lab.analysis.family import Tested
from mnist_lab.analysis.verdicts import Scores, Verdict, verdicts
from mnist_lab.analysis.wording import listed
from mnist_lab.config import Change, describe, differences
from mnist_lab.errors import InputError
from mnist_lab.report.comparison.metrics import Row, rows
from mnist_lab.report.comparison.sides import Side
from mnist_lab.report.families import Family, chosen_families, gaps
from mnist_lab.report.group import UNREADABLE, Group
from mnist_lab.report.mistakes import mistakes
from mnist_lab.report.observations import Evidence, observations
from mnist_lab.report.study import Entry, Looks, entry, looks_at_test
from mnist_lab.runs import Mistake

Mistakes = Mapping[int, Mistake]


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
    """The test images that tell two sides apart, over the pairs of models whose mistakes are known."""

    pairs: int
    base_errs: tuple[DisputedImage, ...]
    """Those that the base gets wrong more often: first where by most models, then where most confidently."""
    other_errs: tuple[DisputedImage, ...]
    alike: int
    """How many others both sides get wrong equally often."""


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


@dataclass(frozen=True)
class Comparison:
    """The first side, and the others against it."""

    base: Entry
    arms: tuple[Arm, ...]
    models_only: bool
    """Whether every side is a single run: then they are compared as models, whatever their seeds."""
    looks: Looks
    problems: tuple[str, ...]
    """What is missing, in sentences."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """All sides, the base first."""
        return (self.base.group, *(arm.entry.group for arm in self.arms))

    @property
    def title(self) -> str:
        """All sides, in words."""
        return f"{listed([arm.entry.group.name for arm in self.arms])} against {self.base.group.name}"


def compare(sides: Sequence[Side], results: Sequence[Group] = ()) -> Comparison:
    """Compare each of the sides after the first with the first.

    Runs with the same seed belong together; if every side is a single run, these do. A verdict is corrected for the
    family that it belongs to (`families.chosen_families`), so that it is that of a report of the same runs.

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
    groups = [base, *arms]
    known = {group.name: [mistakes(run) for run in group.runs] for group in groups}
    together = chosen_families(base, arms, results)
    found = {
        arm.name: replace(verdict, seeds=tuple(seed for seed in base.seeds if seed in arm.seeds))
        for arm, verdict in _verdicts(together, arms, known, models_only=models_only)
    }
    gap_tests = gaps(together)
    gap_tests = {arm.name: gap_tests[arm.name] for arm in arms}
    seen = observations(Evidence(groups, {arm.name: base for arm in arms}, found, gap_tests))
    return Comparison(
        base=entry(base, None, None, seen[base.name]),
        arms=tuple(
            _arm(
                base, arm, found[arm.name], gap_tests[arm.name], seen[arm.name], some, known,
                _pairs(base, arm, models_only=models_only),
            )
            for arm, some in zip(arms, changes, strict=True)
        ),
        models_only=models_only,
        looks=looks_at_test(groups),
        problems=(*(problem for side in sides for problem in side.problems), *_missing(groups)),
    )  # fmt: skip


def _arm(
    base: Group,
    arm: Group,
    verdict: Verdict,
    gap: Tested,
    seen: Sequence[Observation],
    changes: tuple[Change, ...],
    known: Mapping[str, Sequence[Mistakes | None]],
    pairs: Sequence[tuple[int, int]],
) -> Arm:
    both = [
        (a, b) for i, j in pairs if (a := known[base.name][i]) is not None and (b := known[arm.name][j]) is not None
    ]
    return Arm(
        entry(arm, base, verdict, seen),
        changes,
        tuple(rows(base, arm, pairs, verdict, gap)),
        len(pairs),
        _disputed(both) if both else None,
    )


def _pairs(base: Group, arm: Group, *, models_only: bool) -> list[tuple[int, int]]:
    """The positions of the runs that belong together."""
    if models_only:
        return [(0, 0)]
    return [(base.seeds.index(seed), arm.seeds.index(seed)) for seed in base.seeds if seed in arm.seeds]


def _verdicts(
    together: Sequence[Family],
    arms: Sequence[Group],
    known: Mapping[str, Sequence[Mistakes | None]],
    *,
    models_only: bool,
) -> list[tuple[Group, Verdict]]:
    """Of each of `arms`, in its family."""

    def scores(group: Group, *, chosen: bool) -> Scores:
        made = (
            known[group.name] if chosen else [mistakes(run) for run in group.runs] if group.n == 1 else [None] * group.n
        )
        return _scores(group, made, models_only=models_only and chosen)

    found = []
    for family in together:
        chosen = [any(arm is one for one in arms) for _, arm in family]
        pairs = [
            (scores(base, chosen=own), scores(arm, chosen=own)) for (base, arm), own in zip(family, chosen, strict=True)
        ]
        found += [(arm, verdict) for (_, arm), verdict, own in zip(family, verdicts(pairs), chosen, strict=True) if own]
    return found


def _scores(group: Group, known: Sequence[Mistakes | None], *, models_only: bool) -> Scores:
    seeds = (0,) if models_only else group.seeds
    return Scores(
        dict(zip(seeds, group.test.values, strict=True)),
        {seed: some.keys() for seed, some in zip(seeds, known, strict=True) if some is not None},
        chosen_on_test=group.chosen_on_test > 0,
    )


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
            f"These were tested on different images, so nothing can be said image by image or pair by pair:{listed}",
            "Compare runs of one data set; `mnist-lab report` sets the others apart.",
        )
    drawn = [side for side in sides if side.group.draws_test_images]
    if models_only and drawn and any(side.group.seeds != first.seeds for side in sides):
        raise InputError(
            f"{drawn[0].group.name}: its {first.data.test_images:,} test images were drawn by its seed "
            "(data.test_subset), so runs with other seeds were tested on other images.",
            "Compare runs with the same seed.",
        )


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
            texts.append(f"{group.name}: config.yaml cannot be read; what it changes is not known.")
        for name, what in (("history.jsonl", "curves"), ("mistakes.json", "mistakes")):
            if lacking := sum(not (run.folder.path / name).exists() for run in group.runs):
                runs = f" in {lacking} of {group.n} runs" if group.n > 1 else ""
                texts.append(f"{group.name}: {name} is missing{runs}; its {what} are left out.")
    return texts
