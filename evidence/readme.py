"""Writes `results/published/README.md`, and what the project's README shows of it."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from evidence.claims import Finding, Outcome, findings
from evidence.columns import NOTHING, as_table, columns
from evidence.comparison import Comparison
from evidence.picture import NAME
from evidence.provenance import FROM_ROOT, example, machines, test_images
from evidence.section import STAR, remarks, sentence
from mnist_lab.analysis.holm import ALPHA
from mnist_lab.reports import markdown, wording
from mnist_lab.text.quantities import count
from tools.blocks import put

COMMAND = "make results"
"""What writes it."""


def document(compared: Sequence[Comparison], folder: Path) -> str:
    """The text of `results/published/README.md`; the same runs give the same text.

    Args:
        compared: all write-ups.
        folder: where the runs are, for links to their plots.
    """
    found = [(one, findings(one)) for one in compared]
    return _render(
        "README.md.jinja",
        extent=_extent(compared),
        overview=_overview(found, ""),
        open=_open(found),
        picture=NAME,
        notes=_notes(),
        writeups=[(one, as_table(columns(folder), one.rows), remarks(one), claims) for one, claims in found],
        sentence=sentence,
        test_images=test_images(compared),
        machines=machines(compared),
        example=example(compared),
    )


def first_screen(compared: Sequence[Comparison]) -> str:
    """What the project's README says of it, in four lines."""
    claims = [finding for one in compared for finding in findings(one)]
    outcomes = Counter(finding.outcome for finding in claims)
    met = [row.meets_floor for one in compared for row in one.done if row.meets_floor is not None]
    errors = [error for one in compared for error in _errors(one)]
    return _render(
        "first_screen.md.jinja",
        extent=_extent(compared),
        met=f"{sum(met)} of {len(met)}",
        error=f"{median(errors):.2f} pp" if errors else NOTHING,
        replicated=f"{outcomes[Outcome.REPLICATED]} of {len(claims)}",
        contradicted=[f.claim.says.rstrip(".") for f in claims if f.outcome is Outcome.CONTRADICTED],
        open=[f"{outcomes[kind]} {kind}" for kind in Outcome if kind.is_open and outcomes[kind]],
        page=f"{FROM_ROOT}README.md",
    ).strip()


def _errors(one: Comparison) -> list[float]:
    """The absolute errors against published test accuracies in percentage points, without those in whole percent."""
    exact = [row for row in one.done if not row.experiment.rounded]
    return [abs(100 * difference) for row in exact if (difference := row.test.difference) is not None]


def _render(template: str, **context: Any) -> str:
    return markdown(template, package="evidence", **context)


def in_project_readme(text: str, compared: Sequence[Comparison]) -> str:
    """The project's README with what is generated in it."""
    return put(text, "results", first_screen(compared), by=COMMAND)


def _extent(compared: Sequence[Comparison]) -> str:
    """How much was published, and how much of it was retrained."""
    names = {row.experiment.name for one in compared for row in one.rows}
    done = {row.experiment.name for one in compared for row in one.done}
    again = "all of them retrained" if done == names else f"{len(done)} of them retrained so far"
    return (
        f"{count(len(compared), 'published write-up')}, {count(len(names), 'experiment')}; {again}, in "
        f"{count(sum(len(one.runs) for one in compared), 'run')}."
    )


def _overview(found: Sequence[tuple[Comparison, list[Finding]]], page: str) -> list[list[str]]:
    """A row a write-up, with a link to its section of `page`."""
    rows = []
    for one, claims in found:
        names = {row.experiment.name for row in one.rows}
        done = {row.experiment.name for row in one.done}
        outcomes = [finding.outcome for finding in claims]
        floors = [row.meets_floor for row in one.done if row.meets_floor is not None]
        off = _errors(one)
        rows.append(
            [
                f"[{one.writeup.title}]({page}#{_anchor(one.writeup.title)})",
                f"{len(done)} of {len(names)}" if len(done) < len(names) else str(len(names)),
                f"{len(one.runs)}",
                f"{median(off):.2f}" if off else NOTHING,
                f"{sum(floors)} of {len(floors)}" if floors else NOTHING,
                *(str(outcomes.count(kind)) for kind in (Outcome.REPLICATED, Outcome.CONTRADICTED)),
                str(sum(outcome.is_open for outcome in outcomes)),
            ]
        )
    return rows


def _open(found: Sequence[tuple[Comparison, list[Finding]]]) -> list[str]:
    """Why conclusions are open, with how many are."""
    every = Counter(finding.outcome for _, claims in found for finding in claims)
    return [f"{every[kind]} {kind}" for kind in Outcome if kind.is_open and every[kind]]


def _anchor(title: str) -> str:
    """What a forge makes of a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _notes() -> list[str]:
    return [
        "Accuracies are fractions of 1: the mean over n seeds ± their sample standard deviation (n - 1). *Train* is "
        "the running accuracy of the last epoch, *Test* that of the saved model. Where the best accuracies over the "
        "epochs were published, ours are given as *Best train* and *Best test*; a best test accuracy is "
        "selected on the test images and therefore optimistic, theirs as well as ours.",
        "*Ours - published* is in percentage points (pp), train / test: of the best accuracies where only these were "
        "published. A published number is from one run; *about* marks one that was published in whole percent.",
        "*Difference from the base*: test accuracy minus that of the experiment it changes, with the same seeds, "
        "in percentage points with its 95 % confidence interval. Verdict: paired sign-flip test with Holm's "
        f"correction over all experiments that share the base, at {ALPHA:g}; the p shown is corrected. "
        f"{wording.INTERVAL} {wording.SCOPE} {wording.PLANNED}",
        "*Acceptance threshold*: what the median test accuracy over the seeds must reach in a faithful reproduction.",
        "*Parameters* are the trainable ones.",
        "Under each table, the write-up's conclusions. Those that compare two experiments use the same test: on test "
        "accuracy or the generalization gap compared with the base it is that of the table and of `report.md`, all "
        "others of a write-up are a family of their own under Holm's correction. Those that state a value are judged "
        "by Student's 95 % confidence interval of the mean over the seeds, and are *inconclusive* where it spans the "
        "bound. *Not significant* does not mean that there is no difference; with *too few seeds* no difference could "
        "have been significant. The generalization gap is training minus validation accuracy; dropout and "
        "augmentation, active in training, bias it downwards: where two experiments differ in them it does not show "
        "which overfits more, and a small gap under them does not rule out overfitting (*inconclusive: gap biased by "
        "dropout or augmentation*). "
        f"Conclusions marked with {STAR} are not stated in the write-up but follow from its numbers.",
    ]
