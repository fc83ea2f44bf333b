"""What a page says first: a verdict on each experiment, the best first, with its difference drawn to a common scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from statistics import median

from mnist_lab.analysis.paired import Paired
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.analysis.wording import count, difference, signed
from mnist_lab.report.groups import Group
from mnist_lab.report.study import Entry

ROOM = 2.0
"""How many times the typical extent of a difference the scale reaches to either side; what lies beyond is cut off."""

ORDER = (Kind.BETTER, Kind.WORSE, Kind.UNDETECTED, Kind.IMPOSSIBLE)

DID = {
    Kind.BETTER: "helped",
    Kind.WORSE: "hurt",
    Kind.UNDETECTED: "made no difference that these seeds can show",
}


@dataclass(frozen=True)
class Bar:
    """A difference and its interval on a scale from 0 to 100, with no difference at 50."""

    low: float
    mean: float
    high: float
    cut: str
    """`left` or `right` if the mean lies beyond that end of the scale; empty if not."""


@dataclass(frozen=True)
class Answer:
    """What is known of one experiment."""

    group: Group
    verdict: Verdict
    points: str
    """The difference in points; empty if there is none."""
    difference: str
    """The same with its interval, in words."""
    bar: Bar | None


@dataclass(frozen=True)
class Answers:
    """All of one kind."""

    kind: Kind
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Verdicts:
    """All answers about experiments that were tested on the same images."""

    by_kind: tuple[Answers, ...]
    """Each kind from the largest difference to the smallest."""
    end: float
    """The difference at the end of the bars' scale."""

    @property
    def total(self) -> int:
        """How many experiments have a verdict."""
        return sum(len(some.answers) for some in self.by_kind)

    @property
    def lead(self) -> str:
        """How many changes helped, hurt or neither, and what it takes to judge the rest."""
        number = {some.kind: len(some.answers) for some in self.by_kind}
        parts = [f"{number[kind]} {words}" for kind, words in DID.items() if kind in number]
        sentences = [f"Of {count(self.total, 'change')}, {listed(parts)}."] if parts else []
        if undecided := number.get(Kind.IMPOSSIBLE):
            least = {answer.verdict.least for answer in self.by_kind[-1].answers}
            seeds = f"{min(least)}" if len(least) == 1 else f"{min(least)} to {max(least)}"
            which = f"{undecided} more" if parts else "The one change" if undecided == 1 else f"All {undecided} changes"
            verb = "is" if undecided == 1 else "are"
            sentences.append(f"{which} {verb} undecided: nothing can be significant with fewer than {seeds} seeds.")
        return " ".join(sentences)


def answer(entries: Sequence[Entry]) -> Verdicts:
    """The verdicts on all experiments that have one."""
    judged = [(entry.group, entry.verdict) for entry in entries if entry.verdict]
    end = _end([verdict.paired for _, verdict in judged if verdict.paired])
    ranked = sorted(judged, key=lambda pair: -_mean(pair[1]))
    by_kind = (
        Answers(kind, tuple(_answer(group, verdict, end) for group, verdict in ranked if verdict.kind is kind))
        for kind in ORDER
    )
    return Verdicts(tuple(some for some in by_kind if some.answers), end)


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _answer(group: Group, verdict: Verdict, end: float) -> Answer:
    pair = verdict.paired
    if pair is None:
        return Answer(group, verdict, "", "", None)
    places = [50 + 50 * value / end for value in (*(pair.interval or (pair.mean, pair.mean)), pair.mean)]
    low, high, mean = (min(100.0, max(0.0, place)) for place in places)
    cut = "left" if places[2] < 0 else "right" if places[2] > 100 else ""
    return Answer(
        group, verdict, signed(100 * pair.mean), difference(pair.mean, pair.interval), Bar(low, mean, high, cut)
    )


def _end(pairs: Sequence[Paired]) -> float:
    """The difference at the end of the bars' scale, round in points: one that would squeeze the others is cut off."""
    extents = [max(map(abs, (pair.mean, *(pair.interval or ())))) for pair in pairs]
    extents = [100 * extent for extent in extents if extent > 0]
    needed = min(max(extents), ROOM * median(extents)) if extents else 1.0
    power = 10.0 ** floor(log10(needed))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7, 10) if step * power >= needed * (1 - 1e-9)) / 100


def _mean(verdict: Verdict) -> float:
    return verdict.paired.mean if verdict.paired else float("-inf")
