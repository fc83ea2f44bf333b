"""Writes `results/published/README.md`, and what the project's README shows of it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from evidence.blocks import put
from evidence.claims import Finding, Outcome, findings
from evidence.comparison import Comparison, Row
from evidence.importing import PLOTS
from evidence.picture import NAME
from evidence.writeups import short
from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.analysis.wording import count, p_value, signed
from mnist_lab.report.columns import difference, points, spread
from mnist_lab.report.digest import looks
from mnist_lab.report.markdown import bullets, table
from mnist_lab.report.verdict_words import INTERVAL, PLANNED, SCOPE, WORDS
from mnist_lab.runs import Run

NOTHING = "-"
FROM_ROOT = "results/published/"
"""Where the evidence is, from the project's README."""
COMMAND = "make results"
"""What writes it."""

LINKED = ("curves.png", "confusion.png", "mistakes.png")
"""Plots that the tables link to one by one."""


@dataclass(frozen=True)
class _Column:
    heading: str
    text: Callable[[Row], str]
    numeric: bool = True


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
    lines += ["", "## How the test images were used", "", *bullets(_test_images(compared))]
    lines += ["", "## Where the runs were trained", "", *_machines(compared)]
    lines += ["", "## Repeat one", "", *_repeat(compared)]
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
    shown = [
        _Column("experiment", lambda row: f"`{short(row.experiment.name)}`", numeric=False),
        _Column("what it changes", lambda row: row.experiment.changed, numeric=False),
        _Column("parameters", _parameters),
        _Column("train", lambda row: spread(row.group and row.group.train)),
        _Column("test", _test),
        _Column("published train / test", _published),
        _Column("against the base", _verdict, numeric=False),
    ]
    seeds = Counter(row.n for row in one.rows)
    n = ", ".join(f"n = {n}{'' if len(seeds) == 1 else f' in {rows}'}" for n, rows in sorted(seeds.items()))
    return "\n".join([*_table(shown, one.rows), "", f"Mean ± standard deviation over the seeds; {n}."])


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
    lines += _table(_columns(folder), one.rows)
    if one.study:
        path = quote(one.writeup.folder)
        lines += ["", f"All numbers: [`{one.writeup.folder}/summary.md`]({path}/summary.md)."]
    if remarks := [*_unfinished(one), *_below_floor(one), *_far_off(one)]:
        lines += ["", *bullets(remarks)]
    lines += ["", "What it concludes, and what these runs say:", "", *bullets(_sentence(one, each) for each in claims)]
    return lines


def _columns(folder: Path) -> list[_Column]:
    return [
        _Column("Experiment", _name, numeric=False),
        _Column("What it changes", lambda row: row.experiment.changed or _description(row), numeric=False),
        _Column("Parameters", _parameters),
        _Column("Published train / test", _published),
        _Column("Train", lambda row: spread(row.group and row.group.train)),
        _Column("Test", _test),
        _Column("Best train", lambda row: _best(row, "train")),
        _Column("Best test", lambda row: _best(row, "test")),
        _Column("n", lambda row: str(row.n) if row.finished else f"{row.n} of {row.experiment.seeds}"),
        _Column("Ours less published", _above),
        _Column("Against the base", _verdict, numeric=False),
        _Column("Floor", _floor, numeric=False),
        _Column("Plots of one seed", lambda row: _plots(row, folder), numeric=False),
    ]


def _table(columns: Sequence[_Column], rows: Sequence[Row]) -> list[str]:
    """Columns that say nothing of any row are left out."""
    shown = [column for column in columns if any(column.text(row) for row in rows)]
    cells = [[column.text(row) for column in shown] for row in rows]
    numbers = [i for i, column in enumerate(shown) if column.numeric]
    return table([column.heading for column in shown], cells, numbers=numbers)


def _name(row: Row) -> str:
    """Followed by the fingerprint where it was trained in several ways."""
    name = row.group.name if row.group else row.experiment.name
    return f"`{short(name)}`"


def _description(row: Row) -> str:
    return (row.experiment.config.description or "").rstrip(".")


def _parameters(row: Row) -> str:
    return f"{row.group.results[0].parameters.trainable:,}" if row.group else ""


def _test(row: Row) -> str:
    return spread(row.group.test) if row.group else "not run yet"


def _published(row: Row) -> str:
    reference = row.experiment.reference
    both = [
        (reference.train_accuracy, reference.best_train_accuracy),
        (reference.test_accuracy, reference.best_test_accuracy),
    ]
    cells = [
        f"{value:.4f}" if value is not None else f"best {best:.4f}" if best is not None else NOTHING
        for value, best in both
    ]
    return " / ".join(cells)


def _best(row: Row, part: str) -> str:
    """Only where the published number is a best one."""
    if row.group is None or getattr(row.experiment.reference, f"best_{part}_accuracy") is None:
        return ""
    return spread(getattr(row.group, f"best_{part}"))


def _above(row: Row) -> str:
    if row.group is None:
        return ""
    reference, group = row.experiment.reference, row.group
    train = _first(
        points(group.train, reference.train_accuracy), points(group.best_train, reference.best_train_accuracy)
    )
    return " / ".join(NOTHING if value is None else signed(value) for value in (train, row.test_above_published))


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _verdict(row: Row) -> str:
    found = row.entry and row.entry.verdict
    if not found or not row.entry or not row.entry.base:
        return "**base**" if row.group and row.group.is_base else ""
    return f"{_kind(found)}: {difference(found)}{_p(found)}"


def _kind(found: Verdict) -> str:
    return f"**{WORDS[found.kind].short}**" if found.kind in (Kind.BETTER, Kind.WORSE) else WORDS[found.kind].short


def _p(found: Verdict) -> str:
    return "" if found.kind is Kind.IMPOSSIBLE or found.p is None else f", {p_value(found.p)}"


def _floor(row: Row) -> str:
    floor = row.experiment.floor
    if floor is None:
        return ""
    if row.median is None:
        return f"{floor:.4f}"
    return f"{floor:.4f} {'met' if row.meets_floor else '**not met**'}: {row.median:.4f}"


def _plots(row: Row, folder: Path) -> str:
    """Links to those of the first run that has some."""
    for run in row.group.runs if row.group else ():
        there = [name for name in PLOTS if (run.folder.path / name).is_file()]
        if there:
            path = quote(run.folder.path.relative_to(folder).as_posix())
            links = [f"[{name.removesuffix('.png')}]({path}/{name})" for name in there if name in LINKED]
            return ", ".join([*links, f"[all]({path}/)"])
    return ""


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


def _test_images(compared: Sequence[Comparison]) -> list[str]:
    runs = [run for one in compared for run in one.runs]
    seeds = {
        row.experiment.name: row.group.seeds
        for one in compared
        for row in one.done
        if row.group and row.group.seeds != tuple(range(1, row.n + 1))
    }
    text = (
        "The recipes are the published ones; what a write-up leaves open is marked as assumed in its configuration. No "
        "seed was chosen by its result: every experiment has the seeds 1 to n"
    )
    if seeds:
        some = (f"`{short(name)}` {', '.join(map(str, which))}" for name, which in seeds.items())
        text += f", but for {'; '.join(some)}"
    text += "."
    lines = [text]
    lines += [f"{one.writeup.title}: {' '.join(looks(one.chapter.looks))}" for one in compared if one.chapter]
    lines.append(
        f"All {len(runs):,} runs share the same 10,000 test images, as the write-ups do, so these numbers say nothing "
        "about other digits: the interval for another choice of test images is in `report.md`."
    )
    return lines


def _machines(compared: Sequence[Comparison]) -> list[str]:
    """What the runs were trained on and with, a row each."""
    by_machine: dict[tuple[str, ...], list[Run]] = {}
    for run in _unique(compared):
        by_machine.setdefault(_machine(run.metrics["environment"]), []).append(run)
    rows = []
    for machine, runs in sorted(by_machine.items()):
        writeup = Counter(run.measured.run.experiment.partition("/")[0] for run in runs)
        rows.append([str(len(runs)), ", ".join(f"{name} {n}" for name, n in sorted(writeup.items())), *machine])
    headings = ["Runs", "Of", "Backend", "Device", "Threads", "Python, Keras, NumPy", "Platform", "mnist-lab, commit"]
    lines = table(headings, rows, numbers=[0, 4])
    return [
        *lines,
        "",
        "The machines were shared with other work while they trained, so the times in `metrics.json` and in the "
        "reports say what it took there and no more; [the benchmarks](../../benchmarks/) are where times are compared. "
        "Each run's `environment.json` says where it ran.",
    ]


def _unique(compared: Iterable[Comparison]) -> list[Run]:
    return list({run.folder.path: run for one in compared for run in one.runs}.values())


def _machine(environment: dict[str, Any]) -> tuple[str, ...]:
    backend = environment.get("backend", "")
    devices = ", ".join(environment.get("devices") or [environment.get("device", "")])
    where = f"{devices}, {environment['processor']}" if environment.get("processor") else devices
    versions = [environment.get(name) for name in ("python", "keras", "numpy")]
    commit = str(environment.get("git_commit") or "not recorded")[:7]
    dirty = ", with changes that were not committed" if environment.get("git_dirty") else ""
    return (
        f"{backend} {environment.get(backend, '')}".strip(),
        where,
        str(environment.get("threads", "")),
        ", ".join(str(version) for version in versions if version),
        str(environment.get("platform", "")),
        f"{environment.get('mnist_lab', '')}, {commit}{dirty}",
    )


def _repeat(compared: Sequence[Comparison]) -> list[str]:
    runs = [run for one in compared for run in one.runs]
    if not runs:
        return ["Nothing was run yet."]
    run = runs[0]
    path = f"{FROM_ROOT}{run.measured.run.experiment}/{run.folder.id}"
    return [
        "Every run folder has the `config.yaml` that repeats it, bit for bit on the same machine and versions:",
        "",
        "```console",
        f"mnist-lab reproduce {path}",
        f"mnist-lab run {path}/config.yaml --results again",
        "```",
        "",
        "`reproduce` says whether the result is the same to the bit, within noise or different, and what has changed "
        "since. From the top of a checkout, `make results` writes all that is in this folder beside the runs anew "
        "without training, and `make results IMPORT=results` first takes over finished runs from there.",
    ]
