"""The columns of the comparison table, the same for the terminal, Markdown, HTML and CSV."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mnist_lab.config.differences import in_short
from mnist_lab.config.settings import short_keys
from mnist_lab.reports import wording
from mnist_lab.reports.runs import Group, Interval, Spread
from mnist_lab.reports.study import Entry, Section, published, published_in
from mnist_lab.text.quantities import duration
from mnist_lab.text.tables import MINOR

SETTINGS = 8
"""The most settings that the table has a column for; `summary.csv` has one for every setting that differs."""
LONGEST = 60
"""The most characters of a setting in the table."""


class Cell(NamedTuple):
    """The cell of one experiment in a column."""

    main: str = ""
    """Empty if there is no value."""
    aside: str = ""
    """What qualifies it: a deviation, an interval, a difference from a published number; or empty."""
    value: float | None = None
    """The cell's number, for sorting."""

    @property
    def text(self) -> str:
        """The whole cell, on one line."""
        return f"{self.main} {self.aside}".strip()


@dataclass(frozen=True)
class Column:
    """One column of the table."""

    heading: str
    priority: int
    """If there is no room for all, the highest are hidden first, as for `mnist_lab.text.tables.Column.priority`."""
    cell: Callable[[Entry], Cell]
    numeric: bool = True
    aside_heading: str = ""
    """Heading of the asides where they are a column of their own."""
    aside_priority: int = 0
    """Priority of that column."""
    unbroken: bool = False
    """Whether a cell is to stay on one line."""
    is_setting: bool = False
    """Whether it is a setting in which the experiments differ."""


def columns(section: Section) -> list[Column]:
    """Return the columns that are not empty for a section, in order."""
    several = len(section.bases) > 1
    change = f"Change from {section.bases[0]}" if len(section.bases) == 1 else "Change"
    same_n = len({group.n for group in section.groups}) == 1
    found = [
        Column("Experiment", 0, lambda entry: Cell(entry.group.name), numeric=False),
        *([Column("Base", 4, lambda entry: Cell(entry.group.base or ""), numeric=False)] if several else []),
        Column(change, MINOR, lambda entry: Cell(entry.group.changed), numeric=False),
        *_scores(section),
        Column("n", MINOR + 1 if same_n else 2, lambda entry: Cell(str(entry.group.n), value=entry.group.n)),
        Column("Difference", 0, difference, aside_heading="95 % CI", aside_priority=1),
        Column("Verdict", 0, _verdict, numeric=False, unbroken=True),
        *([] if section.share else [_validation(MINOR + 6)]),
        Column("Train", MINOR + 10, _over_seeds(lambda group: group.train)),
        Column("Gap", MINOR + 8, _over_seeds(lambda group: group.gap, sign="+")),
        Column("Parameters", MINOR + 3, _parameters),
        Column("Published test", MINOR + 4, lambda entry: _published("test", entry)),
        Column("Published train", MINOR + 15, lambda entry: _published("train", entry)),
        *([] if _as_set(section) else [Column("Epochs", MINOR + 13, _epochs)]),
        Column("Time", MINOR + 12, _time),
        *_settings(section),  # which the change says too, so that the results need no scrolling
    ]
    return [column for column in found if any(column.cell(entry).text for entry in section.entries)]


def _settings(section: Section) -> list[Column]:
    """Return a column for each setting in which the experiments differ; none if these are more than `SETTINGS`.

    Those too long for a cell, such as all layers of a network, are left out.
    """
    if len(section.settings) > SETTINGS:
        return []
    headings = short_keys(section.settings)
    if "train.epochs" in headings and not _as_set(section):
        headings["train.epochs"] = "train.epochs"  # next to the column Epochs, which says how many were trained
    return [
        _setting(headings[path], values)
        for path, values in section.settings.items()
        if max(len(in_short(value)) for value in values.values()) <= LONGEST
    ]


def _setting(heading: str, values: Mapping[str, Any]) -> Column:
    numeric = any(map(_is_number, values.values()))

    def cell(entry: Entry) -> Cell:
        value = values.get(entry.group.name)
        return Cell("" if value is None else in_short(value), value=value if _is_number(value) else None)

    return Column(heading, MINOR, cell, numeric, is_setting=True)


def _as_set(section: Section) -> bool:
    """Return whether there is a column of the epochs that were set, and every run was trained for that many."""
    values = section.settings.get("train.epochs") if len(section.settings) <= SETTINGS else None
    return bool(values) and all(
        group.epochs.mean == values.get(group.name) and not group.epochs.deviation for group in section.groups
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _scores(section: Section) -> list[Column]:
    """Return the columns of test accuracy and, if cross-validated, before it validation, which verdicts are on."""
    test = _over_seeds(lambda group: group.test)
    if section.share:
        return [_validation(1), Column("Test", MINOR + 6, test)]
    return [Column("Test", 1, test, aside_heading="Test SD", aside_priority=MINOR + 2)]


def _validation(priority: int) -> Column:
    return Column("Validation", priority, _over_seeds(lambda group: group.validation))


def _over_seeds(of: Callable[[Group], Spread | None], sign: str = "") -> Callable[[Entry], Cell]:
    def cell(entry: Entry) -> Cell:
        numbers = of(entry.group)
        return Cell(wording.mean(numbers, sign=sign), wording.deviation(numbers), numbers and numbers.mean)

    return cell


def difference(entry: Entry) -> Cell:
    """Return the difference from the base in percentage points, with its interval: `+0.15 (+0.08 to +0.22)`."""
    if not (pair := entry.verdict and entry.verdict.paired):
        return Cell()
    ends = f"({wording.ends_pp(pair.interval)})" if pair.interval else ""
    return Cell(wording.signed(100 * pair.mean), ends, pair.mean)


def _verdict(entry: Entry) -> Cell:
    return Cell(wording.outcome(entry.verdict) if entry.verdict else "")


def _parameters(entry: Entry) -> Cell:
    return Cell(f"{entry.group.parameters:,}", value=entry.group.parameters)


def _published(part: str, entry: Entry) -> Cell:
    """Return a published accuracy, and ours minus it in percentage points: `0.9918 (+0.05)`."""
    known = published_in(part, entry.group.first.published, entry.group)
    points = "" if known.points is None else f"({wording.signed(known.points)})"
    return Cell(wording.as_published(known), points, known.accuracy)


def _epochs(entry: Entry) -> Cell:
    """Return `10`, or `9.4 ± 0.5` if early stopping ended some runs before others."""
    epochs = entry.group.epochs
    varied = bool(epochs.deviation)
    return Cell(wording.mean(epochs, int(varied)), wording.deviation(epochs, 1) if varied else "", epochs.mean)


def _time(entry: Entry) -> Cell:
    seconds = entry.group.seconds.mean
    return Cell(duration(seconds), value=seconds)


def exact(section: Section, entry: Entry, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a row of `summary.csv`: the experiment's exact values by column name, the times last.

    `settings`: those in which the experiments of the study differ (`runs.settings_of`).
    """
    group, verdict = entry.group, entry.verdict
    pair, known = verdict and verdict.paired, published(group.first.published, group)
    return {
        "data": section.heading,
        "experiment": group.experiment,
        "fingerprint": group.fingerprint[:8],
        "base": group.base or "",
        "changed": group.changed,
        **{path: _plain(values.get(group.name)) for path, values in settings.items()},
        "n": group.n,
        "seeds": " ".join(map(str, group.seeds)),
        "folds": group.data.folds or "",
        "parameters": group.parameters,
        "parameters_trainable": group.first.parameters.trainable,
        **_both("train", group.train),
        **_both("validation", group.validation),
        **_both("test", group.test),
        **_limits("test_ci95_seeds", group.seeds_interval),
        **_limits("test_ci95_images", group.images_interval),
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
        **{f"points_above_published_{key}": one.points for key, one in known.items()},
        "seconds_total": group.seconds.mean,
        "seconds_epoch": group.epoch_seconds.mean,
    }


def _plain(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _both(name: str, spread: Spread | None) -> dict[str, Any]:
    return {f"{name}_mean": spread and spread.mean, f"{name}_sd": spread and spread.deviation}


def _limits(name: str, interval: Interval | None) -> dict[str, Any]:
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}
