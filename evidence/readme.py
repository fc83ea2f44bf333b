"""Writes `results/published/README.md`, and what the project's README shows of it."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.parse import quote

from evidence.blocks import put
from evidence.claims import Finding, Outcome, findings
from evidence.columns import NOTHING, as_table, columns, short_columns
from evidence.comparison import Comparison
from evidence.picture import NAME
from evidence.provenance import FROM_ROOT, machines, repeat, test_images
from evidence.writeups import short
from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.wording import count
from mnist_lab.report.markdown import bullets, table
from mnist_lab.report.verdict_words import INTERVAL, PLANNED, SCOPE

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
        "Five public write-ups of MNIST experiments, trained again with mnist-lab on the full data, by their own "
        "recipes and with several seeds. All that stands here is computed from the runs in this folder.",
        "",
        *_overview(found, ""),
        "",
        f"![What each change of the ablation does to the test accuracy]({NAME})",
        "",
        "[`report.html`](report.html) has all of it to sort, filter and open up; [`report.md`](report.md) and "
        "[`summary.csv`](summary.csv) have the same numbers as text.",
        "",
        "## How to read the tables",
        "",
        *bullets(_notes()),
    ]
    for one, claims in found:
        lines += _chapter(one, claims, folder)
    lines += ["", "## How the test images were used", "", *bullets(test_images(compared))]
    lines += ["", "## Where the runs were trained", "", *machines(compared)]
    lines += ["", "## Repeat one", "", *repeat(compared)]
    return "\n".join(lines) + "\n"


def first_screen(compared: Sequence[Comparison]) -> str:
    """What the project's README says of it first."""
    found = [(one, findings(one)) for one in compared]
    lines = [
        *_overview(found, f"{FROM_ROOT}README.md"),
        "",
        f"![Differences from the base, with intervals]({FROM_ROOT}{NAME})",
        "",
    ]
    against = [
        f"{finding.claim.says} {finding.numbers} ({count(finding.n, 'seed')})"
        for _, claims in found
        for finding in claims
        if finding.outcome is Outcome.CONTRADICTED
    ]
    if against:
        lines += ["What was published and does not hold up:", "", *bullets(against), ""]
    lines.append(f"Every row, number and plot: [{FROM_ROOT}README.md]({FROM_ROOT}README.md).")
    return "\n".join(lines)


def ablation_table(compared: Sequence[Comparison]) -> str:
    """The ablation as a sweep shows it, for the project's README."""
    one = next(one for one in compared if one.writeup.folder == "ablation")
    seeds = Counter(row.n for row in one.rows)
    n = ", ".join(f"n = {n}{'' if len(seeds) == 1 else f' in {rows}'}" for n, rows in sorted(seeds.items()))
    return "\n".join([*as_table(short_columns(), one.rows), "", f"Mean ± standard deviation over the seeds; {n}."])


def in_project_readme(text: str, compared: Sequence[Comparison]) -> str:
    """The project's README with what is generated in it."""
    text = put(text, "results", first_screen(compared), by=COMMAND)
    return put(text, "ablation", ablation_table(compared), by=COMMAND)


def _overview(found: Sequence[tuple[Comparison, list[Finding]]], page: str) -> list[str]:
    """A row a write-up, with a link to its section of `page`."""
    rows = []
    for one, claims in found:
        names = {row.experiment.name for row in one.rows}
        done = {row.experiment.name for row in one.done}
        outcomes = Counter(finding.outcome for finding in claims)
        floors = [row.meets_floor for row in one.done if row.meets_floor is not None]
        off = [abs(row.test_above_published) for row in one.done if row.test_above_published is not None]
        rows.append(
            [
                f"[{one.writeup.title}]({page}#{_anchor(one.writeup.title)})",
                f"{len(done)} of {len(names)}" if len(done) < len(names) else str(len(names)),
                f"{len(one.runs)}",
                f"{median(off):.2f}" if off else NOTHING,
                f"{sum(floors)} of {len(floors)}" if floors else NOTHING,
                *(str(outcomes[kind]) for kind in (Outcome.SUPPORTED, Outcome.CONTRADICTED)),
                str(outcomes[Outcome.OPEN] + outcomes[Outcome.NOT_RUN]),
            ]
        )
    headings = [
        "Write-up", "Experiments", "Runs", "Points off the published test accuracy (median)", "Floors met",
        "Conclusions supported", "contradicted", "open",
    ]  # fmt: skip
    return table(headings, rows, numbers=range(1, len(headings)))


def _anchor(title: str) -> str:
    """What a forge makes of a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _notes() -> list[str]:
    return [
        "Accuracies are fractions of 1: the mean over n seeds ± their sample standard deviation (n - 1). *Train* is "
        "the running accuracy of the last epoch, *Test* that of the saved model. Where only the best accuracies over "
        "the epochs were published, ours stand beside them as *Best train* and *Best test*; a best test accuracy is "
        "chosen on the test images and so optimistic, theirs and ours.",
        "*Ours less published* is in points (hundredths of accuracy), train / test. A published number is of one run.",
        "*Against the base*: test accuracy less that of the experiment which it changes, with the same seeds, in "
        "points with its 95 % bootstrap interval (BCa). The verdict goes by the sign-flip test with Holm's "
        f"correction over all experiments that share the base, at {ALPHA:g}; the p shown is corrected. {INTERVAL} "
        f"{SCOPE} {PLANNED}",
        "*Floor*: what the median test accuracy over the seeds must reach in a faithful reproduction.",
        "*Parameters* are the trainable ones.",
        "Under each table, the write-up's conclusions. Those that compare two experiments go by the same test: on test "
        "accuracy against the base it is the table's verdict, all others of a write-up are a family of their own under "
        "Holm's correction. Those that name a size go by Student's 95 % interval of the mean over the seeds. *Not "
        "detectable* means that these seeds cannot tell, not that there is nothing. *Gap* is training less validation "
        "accuracy at the end; it is understated where dropout or rotation is active in training. Conclusions marked "
        "with * the write-up does not state: its numbers do.",
    ]


def _chapter(one: Comparison, claims: Sequence[Finding], folder: Path) -> list[str]:
    lines = ["", f"## {one.writeup.title}", "", one.writeup.about, ""]
    lines += as_table(columns(folder), one.rows)
    if one.study:
        path = quote(one.writeup.folder)
        lines += ["", f"All numbers: [`{one.writeup.folder}/summary.md`]({path}/summary.md)."]
    if remarks := [*_unfinished(one), *_below_floor(one), *_far_off(one)]:
        lines += ["", *bullets(remarks)]
    lines += ["", "What it concludes, and what these runs say:", "", *bullets(_sentence(one, each) for each in claims)]
    return lines


def _unfinished(one: Comparison) -> list[str]:
    missing = [row for row in one.rows if not row.finished]
    if not missing:
        return []
    texts = [f"`{short(row.experiment.name)}` {row.n} of {row.experiment.seeds}" for row in missing]
    return [f"Not all seeds are run yet: {', '.join(texts)}."]


def _below_floor(one: Comparison) -> list[str]:
    return [
        f"`{short(row.experiment.name)}` does not reach its floor. {row.experiment.below_floor or 'Not explained.'}"
        for row in one.done
        if row.meets_floor is False
    ]


def _far_off(one: Comparison) -> list[str]:
    texts = []
    for row in one.done:
        if row.differs and (interval := row.another_seed):
            why = f" {row.experiment.differs.strip()}" if row.experiment.differs else ""
            texts.append(
                f"`{short(row.experiment.name)}` was published with {row.published_test:.4f}, which is not what one "
                f"more of our seeds would give: {interval[0]:.4f} to {interval[1]:.4f} (95 % prediction interval).{why}"
            )
    return texts


def _sentence(one: Comparison, finding: Finding) -> str:
    claim = finding.claim
    verdict = str(finding.outcome).capitalize()
    if finding.outcome is Outcome.OPEN:
        verdict += f" with {count(finding.n, 'seed')}"
    elif finding.outcome is not Outcome.NOT_RUN:
        verdict += f" ({count(finding.n, 'seed')})"
    says = claim.says if claim.stated else f"{claim.says.rstrip('.')}.*".replace("*", r"\*")
    text = f"{says}{_published_pair(one, finding)} **{verdict}.**"
    return f"{text} {finding.numbers}".rstrip()


def _published_pair(one: Comparison, finding: Finding) -> str:
    """The published test accuracies that a claim compares."""
    claim = finding.claim
    if claim.quantity != "test" or claim.than is None:
        return ""
    known = {short(row.experiment.name): row.published_test for row in one.rows}
    ours, other = known[claim.of], known[claim.than]
    return f" Published: {ours:.4f} against {other:.4f}." if ours is not None and other is not None else ""
