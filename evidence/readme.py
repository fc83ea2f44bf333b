"""Writes `results/published/README.md`, and what the project's README shows of it."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from evidence.claims import Finding, Outcome, findings
from evidence.columns import NOTHING
from evidence.comparison import Comparison
from evidence.picture import NAME
from evidence.provenance import FROM_ROOT, machines, repeat, test_images
from evidence.section import STAR, section
from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.wording import count
from mnist_lab.report.markdown import bullets, table
from mnist_lab.report.verdict_words import INTERVAL, PLANNED, SCOPE
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
    lines = [
        "# The published experiments, reproduced",
        "",
        "<!-- Written by `make results` from the metrics.json of the runs below this folder. Not to be edited. -->",
        "",
        f"{_extent(compared)} On the full data and by the write-ups' own recipes; all that stands here is computed "
        "from the runs in this folder.",
        "",
        *_overview(found, ""),
        "",
        f"![What each change of the ablation does to the test accuracy]({NAME})",
        "",
        "[`report.html`](report.html) has the runs to sort, filter and open up; [`report.md`](report.md) and "
        "[`summary.csv`](summary.csv) have their numbers as text.",
        "",
        "## How to read the tables",
        "",
        *bullets(_notes()),
    ]
    for one, claims in found:
        lines += section(one, claims, folder)
    lines += ["", "## How the test images were used", "", *bullets(test_images(compared))]
    lines += ["", "## Where the runs were trained", "", *machines(compared)]
    lines += ["", "## Repeat one", "", *repeat(compared)]
    return "\n".join(lines) + "\n"


def first_screen(compared: Sequence[Comparison]) -> str:
    """What the project's README says of it, in four lines."""
    claims = [finding for one in compared for finding in findings(one)]
    outcomes = Counter(finding.outcome for finding in claims)
    met = [row.meets_floor for one in compared for row in one.done if row.meets_floor is not None]
    errors = [error for one in compared for error in _errors(one)]
    reasons = ", ".join(f"{outcomes[kind]} {kind}" for kind in Outcome if kind.is_open and outcomes[kind])
    contradicted = [finding.claim.says.rstrip(".") for finding in claims if finding.outcome is Outcome.CONTRADICTED]
    lines = [
        f"Accuracy: {sum(met)} of {len(met)} acceptance thresholds met; median absolute error "
        f"{f'{median(errors):.2f} pp' if errors else NOTHING} against the published test accuracies.",
        f"Conclusions: {outcomes[Outcome.SUPPORTED]} of {len(claims)} replicate, {len(contradicted)} are contradicted, "
        f"the others are open ({reasons}).",
        *([f"Contradicted: {'; '.join(contradicted)}."] if contradicted else []),
        f"Every number, plot and run: [{FROM_ROOT}README.md]({FROM_ROOT}README.md).",
    ]
    return "\n".join([_extent(compared), "", *bullets(lines)])


def _errors(one: Comparison) -> list[float]:
    """The absolute errors against published test accuracies in percentage points, without those in whole percent."""
    exact = [row for row in one.done if not row.experiment.rounded]
    return [abs(points) for row in exact if (points := row.test.points) is not None]


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


def _overview(found: Sequence[tuple[Comparison, list[Finding]]], page: str) -> list[str]:
    """A row a write-up, with a link to its section of `page`, and what its columns mean."""
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
                *(str(outcomes.count(kind)) for kind in (Outcome.SUPPORTED, Outcome.CONTRADICTED)),
                str(sum(outcome.is_open for outcome in outcomes)),
            ]
        )
    headings = [
        "Write-up", "Experiments", "Runs", "Points off (median)", "Floors met",
        "Conclusions supported", "contradicted", "open",
    ]  # fmt: skip
    every = Counter(finding.outcome for _, claims in found for finding in claims)
    undecided = [f"{every[kind]} {kind}" for kind in Outcome if kind.is_open and every[kind]]
    return [
        *table(headings, rows, numbers=range(1, len(headings))),
        "",
        "*Points off*: ours less the published test accuracy, without its sign and without numbers published in whole "
        "percent. *Floor*: the test accuracy, median over the seeds, that a faithful reproduction reaches."
        + (f" *Open*: {', '.join(undecided)}." if undecided else ""),
    ]


def _anchor(title: str) -> str:
    """What a forge makes of a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _notes() -> list[str]:
    return [
        "Accuracies are fractions of 1: the mean over n seeds ± their sample standard deviation (n - 1). *Train* is "
        "the running accuracy of the last epoch, *Test* that of the saved model. Where the best accuracies over the "
        "epochs were published, ours stand beside them as *Best train* and *Best test*; a best test accuracy is "
        "chosen on the test images and so optimistic, theirs and ours.",
        "*Ours less published* is in points (hundredths of accuracy), train / test: of the best accuracies where only "
        "these were published. A published number is of one run; *about* says that it was published in whole percent.",
        "*Against the base*: test accuracy less that of the experiment which it changes, with the same seeds, in "
        "percentage points with its 95 % confidence interval. The verdict goes by the sign-flip test with Holm's "
        f"correction over all experiments that share the base, at {ALPHA:g}; the p shown is corrected. {INTERVAL} "
        f"{SCOPE} {PLANNED}",
        "*Floor*: what the median test accuracy over the seeds must reach in a faithful reproduction.",
        "*Parameters* are the trainable ones.",
        "Under each table, the write-up's conclusions. Those that compare two experiments go by the same test: on test "
        "accuracy or the gap against the base it is that of the table and of `report.md`, all others of a write-up are "
        "a family of their own under Holm's correction. Those that name a size go by Student's 95 % interval of the "
        "mean over the seeds. *Not detectable* means that these seeds cannot tell, not that there is nothing; *too few "
        "seeds*, that so few could not have told anything. *Gap* is training less validation accuracy; dropout and "
        "rotation, active in training, make it smaller: so between two that differ in these it does not tell which "
        "overfits more, and of one that has them a small gap does not tell that it does not overfit (*not told by the "
        f"gap*). Conclusions marked with {STAR} the write-up does not state: its numbers do.",
    ]
