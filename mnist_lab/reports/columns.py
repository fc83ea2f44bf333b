"""The table of a comparison, once for the terminal, Markdown, HTML and CSV: what stands in each column."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_lab.reports import wording
from mnist_lab.reports.runs import Group, Spread
from mnist_lab.reports.study import Entry, Interval, Section, published, published_in
from mnist_lab.text.tables import MINOR


@dataclass(frozen=True)
class Column:
    """One column."""

    heading: str
    priority: int
    """Where there is no room for all, the highest are hidden first; as `mnist_lab.text.tables.Column.priority`."""
    main: Callable[[Entry], str]
    """What stands in a cell; empty where there is nothing to say."""
    value: Callable[[Entry], float | None] | None = None
    """The number that this is, for sorting; None for a column of words."""
    aside: Callable[[Entry], str] = lambda _: ""
    """What qualifies it: a deviation, an interval, a difference from a published number; or empty."""
    aside_heading: str = ""
    """Above `aside` where that can be a column of its own."""
    aside_priority: int = 0
    """Its priority there."""

    @property
    def numeric(self) -> bool:
        """Whether it is a column of numbers."""
        return self.value is not None

    def text(self, entry: Entry) -> str:
        """All of a cell, in one line."""
        return f"{self.main(entry)} {self.aside(entry)}".strip()


def columns(section: Section) -> list[Column]:
    """The columns that say something about a section, in order."""
    against = f"Changed against {section.bases[0]}" if len(section.bases) == 1 else "Changed"
    same_n = len({group.n for group in section.groups}) == 1
    base = [Column("Base", 4, lambda entry: entry.group.base or "")] if len(section.bases) > 1 else []
    found = [
        Column("Experiment", 0, lambda entry: entry.group.name),
        *base,
        Column(against, MINOR, lambda entry: entry.group.changed),
        Column("Test", 1, *_spread(lambda group: group.test), aside_heading="Test SD", aside_priority=MINOR + 2),
        Column("n", MINOR + 1 if same_n else 2, lambda entry: str(entry.group.n), lambda entry: entry.group.n),
        Column("Difference", 0, _points, _difference, _ends, aside_heading="95 % CI", aside_priority=1),
        Column("Verdict", 0, lambda entry: wording.short(entry.verdict)),
        Column("Validation", MINOR + 6, *_spread(lambda group: group.validation)),
        Column("Train", MINOR + 10, *_spread(lambda group: group.train)),
        Column("Gap", MINOR + 8, *_spread(lambda group: group.gap, sign="+")),
        Column(
            "Parameters", MINOR + 3, lambda entry: f"{entry.group.parameters:,}", lambda entry: entry.group.parameters
        ),
        Column("Published test", MINOR + 4, *_published("test")),
        Column("Published train", MINOR + 15, *_published("train")),
        Column("Epochs", MINOR + 13, _epochs, lambda entry: entry.group.epochs.mean, _epochs_deviation),
        Column("Time", MINOR + 12, lambda entry: wording.duration(entry.group.seconds.mean), _seconds),
    ]
    return [column for column in found if any(map(column.text, section.entries))]


def _spread(of: Callable[[Group], Spread | None], sign: str = "") -> Iterator[Any]:
    yield lambda entry: wording.mean(of(entry.group), sign=sign)
    yield lambda entry: numbers.mean if (numbers := of(entry.group)) else None
    yield lambda entry: wording.deviation(of(entry.group))


def _published(part: str) -> Iterator[Any]:
    """A published accuracy, and ours minus it in percentage points: `0.9918 (+0.05)`."""

    def known(entry: Entry) -> Any:
        return published_in(part, entry.group.published, entry.group)

    yield lambda entry: wording.as_published(known(entry))
    yield lambda entry: known(entry).accuracy
    yield lambda entry: "" if (d := known(entry).difference) is None else f"({wording.signed(100 * d)})"


def _paired(entry: Entry) -> Any:
    return entry.verdict and entry.verdict.paired


def _difference(entry: Entry) -> float | None:
    pair = _paired(entry)
    return pair and pair.mean


def _points(entry: Entry) -> str:
    return wording.signed(100 * pair.mean) if (pair := _paired(entry)) else ""


def _ends(entry: Entry) -> str:
    pair = _paired(entry)
    return f"({wording.ends_pp(pair.interval)})" if pair and pair.interval else ""


def _epochs(entry: Entry) -> str:
    """`10`, or `9.4` where early stopping ended some runs before others."""
    return wording.mean(entry.group.epochs, 1 if entry.group.epochs.deviation else 0)


def _epochs_deviation(entry: Entry) -> str:
    return wording.deviation(entry.group.epochs, 1) if entry.group.epochs.deviation else ""


def _parameters(entry: Entry) -> int:
    return entry.group.parameters


def _seconds(entry: Entry) -> float:
    return entry.group.seconds.mean


def exact(section: Section, entry: Entry) -> Mapping[str, Any]:
    """The same for programs, a value to each name: a row of `summary.csv`, whose last columns are the times."""
    group, verdict = entry.group, entry.verdict
    pair, known = _paired(entry), published(group.published, group)
    return {
        "data": section.heading,
        "experiment": group.experiment,
        "fingerprint": group.fingerprint[:8],
        "base": group.base or "",
        "changed": group.changed,
        "n": group.n,
        "seeds": " ".join(map(str, group.seeds)),
        "parameters": group.parameters,
        "parameters_trainable": group.first.parameters.trainable,
        **_both("train", group.train),
        **_both("validation", group.validation),
        **_both("test", group.test),
        **_limits("test_ci95_seeds", entry.seeds_interval),
        **_limits("test_ci95_images", entry.images_interval),
        "verdict": str(verdict.kind) if verdict else "",
        "shared_seeds": len(verdict.seeds) if verdict else "",
        "difference": pair and pair.mean,
        **_limits("difference_ci95", pair and pair.interval),
        "p": pair and pair.p,
        "p_corrected": verdict and verdict.p,
        "comparisons": verdict.arms if verdict else "",
        **_both("gap", group.gap),
        "epochs_mean": group.epochs.mean,
        "best_test_mean": group.best_test and group.best_test.mean,
        "selected_on_test": str(group.selected_on_test).lower(),
        **{f"published_{key}": one.accuracy for key, one in known.items()},
        **{
            f"points_above_published_{key}": None if one.difference is None else 100 * one.difference
            for key, one in known.items()
        },
        "seconds_total": group.seconds.mean,
        "seconds_epoch": group.epoch_seconds.mean,
    }


def _both(name: str, spread: Spread | None) -> dict[str, Any]:
    return {f"{name}_mean": spread and spread.mean, f"{name}_sd": spread and spread.deviation}


def _limits(name: str, interval: Interval | None) -> dict[str, Any]:
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}
