"""The table of a comparison: which columns there are, and what stands in each for a group, in words and numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mnist_lab.analysis.verdicts import Verdict
from mnist_lab.analysis.wording import signed
from mnist_lab.config.schema import Reference
from mnist_lab.report.group import Group, Spread
from mnist_lab.report.grouping import Section
from mnist_lab.report.published import Published, published_test, published_train
from mnist_lab.report.verdict_words import WORDS
from mnist_lab.text.quantities import duration
from mnist_lab.text.tables import MINOR


@dataclass(frozen=True)
class Column:
    """One column."""

    heading: str
    priority: int
    """Where there is no room for all, the highest are hidden first; as `mnist_lab.text.tables.Column.priority`."""
    main: Callable[[Group], str]
    """What stands in a cell; empty where there is nothing to say."""
    value: Callable[[Group], float | None] | None = None
    """The number that this is, for sorting; None for a column of words."""
    aside: Callable[[Group], str] = lambda _: ""
    """What qualifies it: a deviation, an interval, a difference from a published number; or empty."""
    aside_heading: str = ""
    """Above `aside` where that can be a column of its own."""
    aside_priority: int = 0
    """Its priority there."""

    @property
    def numeric(self) -> bool:
        """Whether it is a column of numbers."""
        return self.value is not None

    def text(self, group: Group) -> str:
        """All of a cell, in one line."""
        return _joined(self.main(group), self.aside(group))


def columns(section: Section, verdicts: Mapping[str, Verdict] | None = None) -> list[Column]:
    """The columns that say something about a section, in order.

    Args:
        section: what the table is about.
        verdicts: of its groups, by name; without them there are no columns for them.
    """
    known = verdicts or {}
    several_bases = len(section.bases) > 1
    against = f"Changed against {section.bases[0]}" if len(section.bases) == 1 else "Changed"
    same_n = len({group.n for group in section.groups}) == 1
    found = [
        Column("Experiment", 0, lambda group: group.name),
        *([Column("Base", 4, lambda group: group.base or "")] if several_bases else []),
        Column(against, MINOR, lambda group: group.changed),
        Column("Parameters", MINOR + 3, lambda group: f"{group.parameters:,}", lambda group: group.parameters),
        _measured("Train", MINOR + 10, lambda group: group.train),
        _measured("Validation", MINOR + 6, lambda group: group.validation),
        _measured("Test", 1, lambda group: group.test, aside_heading="Test SD", aside_priority=MINOR + 2),
        Column("n", MINOR + 1 if same_n else 2, lambda group: str(group.n), lambda group: group.n),
        _difference("Difference", 0, lambda group: known.get(group.name)),
        Column("Verdict", 0, lambda group: verdict(known.get(group.name))),
        _measured("Gap", MINOR + 8, lambda group: group.gap, sign="+"),
        Column("Epochs", MINOR + 13, _epochs, lambda group: group.epochs.mean, _epochs_deviation),
        Column("Time", MINOR + 12, lambda group: duration(group.seconds.mean), lambda group: group.seconds.mean),
        _published("Published train", MINOR + 15, published_train),
        _published("Published test", MINOR + 4, published_test),
    ]
    return [column for column in found if any(map(column.text, section.groups))]


def spread(numbers: Spread | None) -> str:
    """`0.9807 ± 0.0011`: mean and, of several seeds, sample standard deviation; empty for None."""
    return _joined(_mean(numbers), _deviation(numbers))


def amount(cost: float, unit: str) -> str:
    """What something costs: `45.3 s` if the unit is `s`, else `669,706` or `1.93e+12`."""
    if unit == "s":
        return duration(cost)
    return f"{cost:,.0f}" if cost < 1e9 else f"{cost:.3g}"


def difference(found: Verdict | None) -> str:
    """The mean difference from the base's test accuracy, in points, and its interval: `+0.15 (+0.08 to +0.22)`."""
    return _joined(_points(found), _ends(found))


def verdict(found: Verdict | None) -> str:
    """In a word or two."""
    return WORDS[found.kind].short if found else ""


def _joined(main: str, aside: str) -> str:
    return f"{main} {aside}" if aside else main


def _measured(
    heading: str,
    priority: int,
    of: Callable[[Group], Spread | None],
    *,
    sign: str = "",
    aside_heading: str = "",
    aside_priority: int = 0,
) -> Column:
    return Column(
        heading,
        priority,
        lambda group: _mean(of(group), sign=sign),
        lambda group: numbers.mean if (numbers := of(group)) else None,
        lambda group: _deviation(of(group)),
        aside_heading,
        aside_priority,
    )


def _mean(numbers: Spread | None, *, digits: int = 4, sign: str = "") -> str:
    return f"{numbers.mean:{sign}.{digits}f}" if numbers else ""


def _deviation(numbers: Spread | None, *, digits: int = 4) -> str:
    return "" if numbers is None or numbers.deviation is None else f"± {numbers.deviation:.{digits}f}"


def _epochs(group: Group) -> str:
    """`10`, or `9.4` where early stopping ended some runs before others."""
    return _mean(group.epochs, digits=1 if group.epochs.deviation else 0)


def _epochs_deviation(group: Group) -> str:
    return _deviation(group.epochs, digits=1) if group.epochs.deviation else ""


def _difference(heading: str, priority: int, of: Callable[[Group], Verdict | None]) -> Column:
    return Column(
        heading,
        priority,
        lambda group: _points(of(group)),
        lambda group: found.paired.mean if (found := of(group)) and found.paired else None,
        lambda group: _ends(of(group)),
        "95 % CI",
        priority + 1,
    )


def _points(found: Verdict | None) -> str:
    return signed(100 * found.paired.mean) if found and found.paired else ""


def _ends(found: Verdict | None) -> str:
    if found is None or found.paired is None or found.paired.interval is None:
        return ""
    low, high = (signed(100 * end) for end in found.paired.interval)
    return f"({low} to {high})"


def _published(heading: str, priority: int, of: Callable[[Reference, Group], Published]) -> Column:
    """A published accuracy, and ours less it in points: `0.9918 (+0.05)`."""

    def told(group: Group) -> Published:
        return of(group.published, group)

    def aside(group: Group) -> str:
        points = told(group).points
        return "" if points is None else f"({signed(points)})"

    return Column(
        heading,
        priority,
        lambda group: told(group).text,
        lambda group: told(group).accuracy,
        aside,
    )
