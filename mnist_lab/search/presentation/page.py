"""What `search.html` shows beyond the record: verdicts with bars, figures, and links to the run folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.bars import Bar, bar, end_of_scale
from mnist_lab.reports.wording import DID
from mnist_lab.reports.write import rendered_page
from mnist_lab.search.presentation import standings, tables, wording
from mnist_lab.search.record import Arm, Interval, Search

if TYPE_CHECKING:
    from markupsafe import Markup

PACKAGE = "mnist_lab.search.presentation"
FACTS = (wording.optimism, wording.tried, wording.progress, wording.unseen)
"""What is said below the best configuration, in order."""


@dataclass(frozen=True)
class Answer:
    """The verdict on a confirmed trial."""

    arm: Arm
    values: str
    """Of the trial, in words."""
    bar: Bar | None


class _Estimate(NamedTuple):
    """A difference that was estimated."""

    mean: float
    interval: Interval | None


def html(record: Search, figures: "Sequence[Markup]", importance: str) -> str:
    """The text of `search.html`.

    Args:
        record: of the search.
        figures: as SVG, in order.
        importance: what is said of it.
    """
    estimates = {arm.label: _estimate(arm) for arm in (record.confirmation.arms if record.confirmation else ())}
    end = end_of_scale([estimate for estimate in estimates.values() if estimate])
    return rendered_page(
        "search.html.jinja",
        package=PACKAGE,
        record=record,
        said=wording,
        figures=figures,
        importance=importance,
        answers=_answers(record, estimates, end),
        end=end,
        facts=[text for say in FACTS if (text := say(record))],
        **tables.every(record),
        links={trial.number: quote(f"{trial.run}/") for trial in record.trials if trial.run},
        bold={trial.number for trial in standings.best(record)},
    )


def _answers(record: Search, estimates: Mapping[str, _Estimate | None], end: float) -> dict[Kind, list[Answer]]:
    """The verdicts by kind, in the order of reports; within a kind, in the order of the search."""
    by_number = {trial.number: trial for trial in record.trials}
    found: dict[Kind, list[Answer]] = {kind: [] for kind in DID}
    for arm in record.confirmation.arms if record.confirmation else ():
        if arm.difference and arm.trial is not None:
            estimate = estimates[arm.label]
            values = wording.values(record, by_number[arm.trial]) if arm.trial in by_number else ""
            found[arm.difference.kind].append(Answer(arm, values, bar(estimate, end) if estimate else None))
    return {kind: answers for kind, answers in found.items() if answers}


def _estimate(arm: Arm) -> _Estimate | None:
    found = arm.difference
    return None if found is None or found.mean is None else _Estimate(found.mean, found.interval)
