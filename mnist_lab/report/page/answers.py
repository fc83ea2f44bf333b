"""What a page says first: a verdict on each experiment, the largest differences first, drawn to a common scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from statistics import median

from mnist_lab.analysis.paired import Paired
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.analysis.wording import count, difference, ends, listed, signed
from mnist_lab.report.group import Group
from mnist_lab.report.study import Entry
from mnist_lab.report.verdict_words import WORDS, Words

ROOM = 2.0
"""How many times the typical extent of a difference the scale reaches to either side; what lies beyond is cut off."""


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

    @property
    def words(self) -> Words:
        """How this kind is told."""
        return WORDS[self.kind]


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
        parts = [f"{len(some.answers)} {some.words.did}" for some in self.by_kind if some.kind is not Kind.IMPOSSIBLE]
        sentences = [f"Of {count(self.total, 'change')}, {listed(parts)}."] if parts else []
        undecided = [one.verdict for some in self.by_kind if some.kind is Kind.IMPOSSIBLE for one in some.answers]
        few = [verdict for verdict in undecided if verdict.seeds]
        told = self.total - len(undecided)
        if few:
            least = {verdict.least for verdict in few}
            seeds = f"{min(least)}" if len(least) == 1 else f"{min(least)} to {max(least)}"
            verb = "is" if len(few) == 1 else "are"
            why = f"nothing can be significant with fewer than {seeds} seeds"
            sentences.append(f"{self._so_many(len(few), told)} {verb} undecided: {why}.")
        if apart := len(undecided) - len(few):
            verb = "has" if apart == 1 else "have"
            sentences.append(f"{self._so_many(apart, told + len(few))} {verb} no seed in common with the base.")
        return " ".join(sentences)

    def _so_many(self, number: int, told: int) -> str:
        """So many of the changes, as the subject of a sentence after those about the `told` ones."""
        if told:
            return f"The other {'one' if number == 1 else number}" if told + number == self.total else f"{number}"
        if number < self.total:
            return f"Of {self.total} changes, {number}"
        return {1: "The one change", 2: "Both changes"}.get(number, f"All {number} changes")


def answer(entries: Sequence[Entry]) -> Verdicts:
    """The verdicts on all experiments that have one."""
    judged = [(entry.group, entry.verdict) for entry in entries if entry.verdict]
    end = _end([verdict.paired for _, verdict in judged if verdict.paired])
    ranked = sorted(judged, key=lambda pair: -_size(pair[1]))
    by_kind = (
        Answers(kind, tuple(_answer(group, verdict, end) for group, verdict in ranked if verdict.kind is kind))
        for kind in WORDS
    )
    return Verdicts(tuple(some for some in by_kind if some.answers), end)


def _answer(group: Group, verdict: Verdict, end: float) -> Answer:
    pair = verdict.paired
    if pair is None:
        return Answer(group, verdict, "", "", None)
    places = [50 + 50 * value / end for value in (*(pair.interval or (pair.mean, pair.mean)), pair.mean)]
    low, high, mean = (min(100.0, max(0.0, place)) for place in places)
    label = difference(pair.mean)
    if pair.interval:
        label += f", 95 % confidence interval {ends(pair.interval)}"
    cut = "left" if places[2] < 0 else "right" if places[2] > 100 else ""
    return Answer(group, verdict, signed(100 * pair.mean), label, Bar(low, mean, high, cut))


def _end(pairs: Sequence[Paired]) -> float:
    """The difference at the end of the bars' scale, round in points: one that would squeeze the others is cut off."""
    extents = [max(map(abs, (pair.mean, *(pair.interval or ())))) for pair in pairs]
    extents = [100 * extent for extent in extents if extent > 0]
    needed = min(max(extents), ROOM * median(extents)) if extents else 1.0
    power = 10.0 ** floor(log10(needed))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7, 10) if step * power >= needed * (1 - 1e-9)) / 100


def _size(verdict: Verdict) -> float:
    return abs(verdict.paired.mean) if verdict.paired else -1.0
