"""Writes `results/published/README.md`, and the part of the project's README that shows it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from evidence.claims import Finding, Outcome, findings
from evidence.comparison import Comparison
from evidence.machines import HEADINGS, machines
from evidence.picture import NAME
from evidence.records import FOLDER, Standing
from evidence.records_page import summary
from evidence.section import NOTHING, STAR, remarks, sentence, table
from evidence.writeups import short
from mnist_lab.analysis.holm import ALPHA
from mnist_lab.reports import markdown, wording
from mnist_lab.text.quantities import count
from tools.markdown import put

COMMAND = "make results"
"""The command that writes it."""
FROM_ROOT = "results/published/"
"""The path of the evidence from the project's README."""


def document(compared: Sequence[Comparison], folder: Path) -> str:
    """Return the text of `results/published/README.md`; the same runs yield the same text.

    Args:
        compared: all write-ups.
        folder: where the runs are, for links to their plots.
    """
    found = [(one, findings(one)) for one in compared]
    return markdown(
        "README.md.jinja",
        package="evidence",
        extent=_extent(compared),
        overview=_overview(found),
        open=_open(finding for _, claims in found for finding in claims),
        picture=NAME,
        alpha=ALPHA,
        star=STAR,
        writeups=[(one, table(one.rows, folder), remarks(one), claims) for one, claims in found],
        sentence=sentence,
        test_images=_test_images(compared),
        machine_headings=HEADINGS,
        machines=machines([run for one in compared for run in one.runs]),
        example=_example(compared),
    )


def first_screen(compared: Sequence[Comparison], standings: Sequence[Standing]) -> str:
    """Return what the project's README says about the evidence, in five lines."""
    found = [(one.writeup.title, finding) for one in compared for finding in findings(one)]
    claims = [finding for _, finding in found]
    outcomes = Counter(finding.outcome for finding in claims)
    met = [row.meets_threshold for one in compared for row in one.done if row.meets_threshold is not None]
    errors = [error for one in compared for error in _errors(one)]
    return markdown(
        "first_screen.md.jinja",
        package="evidence",
        extent=_extent(compared),
        met=f"{sum(met)} of {len(met)}",
        error=f"{median(errors):.2f} pp" if errors else NOTHING,
        replicated=f"{outcomes[Outcome.REPLICATED]} of {len(claims)}",
        contradicted=[(f.claim.says.rstrip("."), title) for title, f in found if f.outcome is Outcome.CONTRADICTED],
        open=_open(claims),
        page=f"{FROM_ROOT}README.md",
        records=summary(standings),
        records_page=f"{FROM_ROOT}{FOLDER}/README.md",
    ).strip()


def _errors(one: Comparison) -> list[float]:
    """Return absolute errors against published test accuracies in percentage points, except those in whole percent."""
    exact = [row for row in one.done if not row.experiment.rounded]
    return [abs(row.test.points) for row in exact if row.test.points is not None]


def in_project_readme(text: str, compared: Sequence[Comparison], standings: Sequence[Standing]) -> str:
    """Return the project's README with its generated block."""
    return put(text, "results", first_screen(compared, standings), by=COMMAND)


def _extent(compared: Sequence[Comparison]) -> str:
    """How much was published, and how much of it was retrained."""
    names = {row.experiment.name for one in compared for row in one.rows}
    done = {row.experiment.name for one in compared for row in one.done}
    again = "all retrained" if done == names else f"{len(done)} retrained so far"
    return (
        f"{count(len(names), 'experiment')} from {count(len(compared), 'published write-up')}, {again}, in "
        f"{count(sum(len(one.runs) for one in compared), 'run')}."
    )


def _overview(found: Sequence[tuple[Comparison, list[Finding]]]) -> list[list[str]]:
    """One row per write-up, with a link to its section."""
    rows = []
    for one, claims in found:
        names = {row.experiment.name for row in one.rows}
        done = {row.experiment.name for row in one.done}
        outcomes = [finding.outcome for finding in claims]
        met = [row.meets_threshold for row in one.done if row.meets_threshold is not None]
        off = _errors(one)
        rows.append(
            [
                f"[{one.writeup.title}](#{_anchor(one.writeup.title)})",
                f"{len(done)} of {len(names)}" if len(done) < len(names) else str(len(names)),
                f"{len(one.runs)}",
                f"{median(off):.2f}" if off else NOTHING,
                f"{sum(met)} of {len(met)}" if met else NOTHING,
                *(str(outcomes.count(kind)) for kind in (Outcome.REPLICATED, Outcome.CONTRADICTED)),
                str(sum(outcome.is_open for outcome in outcomes)),
            ]
        )
    return rows


def _open(claims: Iterable[Finding]) -> list[str]:
    """Return the reasons why conclusions are open, each with their number."""
    outcomes = Counter(finding.outcome for finding in claims)
    named = {kind: kind.replace(": ", " (") + ")" if ": " in kind else kind for kind in Outcome}
    return [f"{outcomes[kind]} {named[kind]}" for kind in Outcome if kind.is_open and outcomes[kind]]


def _anchor(title: str) -> str:
    """Return the anchor that GitHub generates for a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _test_images(compared: Sequence[Comparison]) -> list[str]:
    """Say what to know about seeds and test images, one point each."""
    runs = [run for one in compared for run in one.runs]
    seeds = {
        row.experiment.name: row.group.seeds
        for one in compared
        for row in one.done
        if row.group and row.group.seeds != tuple(range(1, row.n + 1))
    }
    text = (
        "The recipes are the published ones; what a write-up leaves open, and where ours departs from it, is noted in "
        "the configuration. No seed was chosen by its result: every experiment has the seeds 1 to n"
    )
    if seeds:
        some = (f"`{short(name)}` {', '.join(map(str, which))}" for name, which in seeds.items())
        text += f", except {'; '.join(some)}"
    text += "."
    lines = [text]
    lines += [f"{one.writeup.title}: {' '.join(wording.reuse(one.section.reuse))}" for one in compared if one.section]
    lines.append(
        f"All {len(runs):,} runs share the same 10,000 test images, as the write-ups do, so these numbers say nothing "
        "about other digits: the interval for another choice of test images is in `report.md`."
    )
    return lines


def _example(compared: Sequence[Comparison]) -> str | None:
    """Return the path of a run's folder, or None if nothing was run."""
    run = next((run for one in compared for run in one.runs), None)
    return run and f"{FROM_ROOT}{run.measured.run.experiment}/{run.folder.id}"
