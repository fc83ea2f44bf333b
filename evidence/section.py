"""A write-up in `results/published/README.md`: its table, remarks on its numbers, and its conclusions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from evidence.claims import Finding, Outcome
from evidence.comparison import PREDICTED, Comparison, Row
from evidence.writeups import Claim, short
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports import wording
from mnist_lab.reports.columns import difference
from mnist_lab.text.quantities import count

NOTHING = "-"
STAR = r"\*"
"""Marks a conclusion that the write-up does not state."""
LINKED = ("curves.png", "confusion.png", "mistakes.png")
"""Plots that the tables link to one by one."""


@dataclass(frozen=True)
class Column:
    """A heading and the text of each row below it."""

    heading: str
    text: Callable[[Row], str]
    numeric: bool = True


def table(rows: Sequence[Row], folder: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Headings, cells, and which columns are numbers; columns that are empty in all rows are omitted.

    Links to plots are relative to `folder`.
    """
    columns = [
        Column("Experiment", _name, numeric=False),
        Column("What it changes", lambda row: row.experiment.changed or _description(row), numeric=False),
        Column("Parameters", _parameters),
        Column("Published train / test", _published),
        Column("Train", lambda row: wording.spread(row.group and row.group.train)),
        Column("Test", _test),
        Column("Best train", lambda row: _best(row, "train")),
        Column("Best test", lambda row: _best(row, "test")),
        Column("n", lambda row: str(row.n) if row.finished else f"{row.n} of {row.experiment.seeds}"),
        Column("Ours - published (pp)", _above),
        Column("Difference from the base (pp)", _verdict, numeric=False),
        Column("Acceptance threshold", _threshold, numeric=False),
        Column("Plots of one seed", lambda row: _plots(row, folder), numeric=False),
    ]
    shown = [column for column in columns if any(column.text(row) for row in rows)]
    cells = [[column.text(row) for column in shown] for row in rows]
    return [column.heading for column in shown], cells, [i for i, column in enumerate(shown) if column.numeric]


def _name(row: Row) -> str:
    """Return the name, with the fingerprint if it was trained in several ways."""
    name = row.group.name if row.group else row.experiment.name
    return f"`{short(name)}`"


def _description(row: Row) -> str:
    return (row.experiment.config.description or "").rstrip(".")


def _parameters(row: Row) -> str:
    return f"{row.group.first.parameters.trainable:,}" if row.group else ""


def _test(row: Row) -> str:
    return wording.spread(row.group.test) if row.group else "not run yet"


def _published(row: Row) -> str:
    """Return the published accuracies; also the best test accuracy if it was published along with the last."""
    best = row.experiment.reference.best_test_accuracy
    also = f", best {best:.4f}" if best is not None and not row.test.best else ""
    return f"{wording.as_published(row.train) or NOTHING} / {row.experiment.test_as_published or NOTHING}{also}"


def _best(row: Row, part: str) -> str:
    """Our best accuracy over the epochs, if the published number is a best one."""
    if row.group is None or getattr(row.experiment.reference, f"best_{part}_accuracy") is None:
        return ""
    return wording.spread(getattr(row.group, f"best_{part}"))


def _above(row: Row) -> str:
    if row.group is None:
        return ""
    train, test = row.train.points, row.test.points
    return " / ".join([_points(train), f"about {_points(test, 1)}" if row.experiment.rounded else _points(test)])


def _points(value: float | None, digits: int = 2) -> str:
    return NOTHING if value is None else wording.signed(value, digits)


def _verdict(row: Row) -> str:
    if row.entry is None or row.entry.verdict is None:
        return "**base**" if row.group and row.group.is_base else ""
    found = row.entry.verdict
    kind = f"**{found.kind}**" if found.kind in (Kind.BETTER, Kind.WORSE) else found.kind
    p = "" if found.kind is Kind.IMPOSSIBLE or found.p is None else f", {wording.p_value(found.p)}"
    most = max(row.n, row.entry.base.n if row.entry.base else 0)
    some = f" over {count(len(found.seeds), 'shared seed')}" if len(found.seeds) < most else ""
    return f"{kind}: {difference(row.entry).text}{p}{some}"


def _threshold(row: Row) -> str:
    threshold = row.experiment.threshold
    if threshold is None:
        return ""
    if row.median is None:
        return f"{threshold:.4f}"
    return f"{threshold:.4f} {'met' if row.meets_threshold else '**not met**'} (median {row.median:.4f})"


def _plots(row: Row, folder: Path) -> str:
    """Links to the plots of the first run that has some."""
    for run in row.group.runs if row.group else ():
        if there := run.folder.plots:
            path = quote(run.folder.path.relative_to(folder).as_posix())
            links = [f"[{name.removesuffix('.png')}]({path}/{name})" for name in there if name in LINKED]
            return ", ".join([*links, f"[all]({path}/)"])
    return ""


def remarks(one: Comparison) -> list[str]:
    """Remarks on the numbers of a write-up."""
    return [*_unfinished(one), *_noted(one), *_below_threshold(one), *_far_off(one)]


def _unfinished(one: Comparison) -> list[str]:
    texts = [
        f"`{short(row.experiment.name)}` {row.n} of {row.experiment.seeds}" for row in one.rows if not row.finished
    ]
    return [f"Not all seeds are run yet: {', '.join(texts)}."] if texts else []


def _below_threshold(one: Comparison) -> list[str]:
    return [
        f"`{short(row.experiment.name)}` does not meet its acceptance threshold. "
        f"{row.experiment.below_threshold or 'Not explained.'}"
        for row in one.done
        if row.meets_threshold is False
    ]


def _far_off(one: Comparison) -> list[str]:
    """Say which published numbers our seeds do not explain, and how many are expected by chance."""
    texts = [text for row in one.done if (text := _miss(row))]
    n = sum(row.differs is not None for row in one.done)
    if texts:
        texts.append(f"Of {n} such intervals, {(1 - PREDICTED) * n:.1f} are expected to miss by chance alone.")
    return texts


def _miss(row: Row) -> str:
    experiment, interval = row.experiment, row.prediction_interval
    if not row.differs or interval is None:
        return ""
    wider = f", widened by {experiment.rounded:g} at each end for rounding" if experiment.rounded else ""
    return (
        f"`{short(experiment.name)}` was published with {experiment.test_as_published}, which is outside the "
        f"{100 * PREDICTED:g} % prediction interval for one more of our seeds, {interval[0]:.4f} to {interval[1]:.4f}"
        f"{wider}. {experiment.differs or ''}"
    ).rstrip()


def _noted(one: Comparison) -> list[str]:
    """Return the notes of the configurations on the published numbers."""
    notes = {row.experiment.name: row.experiment.reference.note for row in one.rows}
    return [f"`{short(name)}`: {note}" for name, note in notes.items() if note]


def sentence(one: Comparison, finding: Finding) -> str:
    """State a conclusion, the outcome of its test, and our numbers."""
    claim, seeds = finding.claim, count(finding.n, "seed")
    known = {
        Outcome.NOT_SIGNIFICANT: f"{finding.outcome} with {seeds}",
        Outcome.TOO_FEW: f"{finding.outcome}: {finding.n}",
        Outcome.NOT_RUN: f"{finding.outcome}",
    }
    verdict = known.get(finding.outcome, f"{finding.outcome} ({seeds})").capitalize()
    says = claim.says if claim.stated else f"{claim.says.rstrip('.')}.{STAR}"
    return f"{says}{_published_for(one, claim)} **{verdict}.** {finding.numbers}".rstrip()


def _published_for(one: Comparison, claim: Claim) -> str:
    """Return the published test accuracies that a claim is about."""
    experiments = [one.experiment(name) for name in (claim.of, claim.than) if name]
    known = [experiment.test_as_published for experiment in experiments]
    if claim.quantity != "test" or not all(known):
        return ""
    best = any(text.startswith("best") for text in known)
    ours = " over the epochs; ours are those of the saved models" if best else ""
    return f" Published: {' against '.join(known)}{ours}."
