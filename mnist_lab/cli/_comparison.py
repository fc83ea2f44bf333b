"""Prints comparisons: those of reports and sweeps, and those with a base run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mnist_lab.reports import Comparison, Section, Study, wording
from mnist_lab.reports.columns import Column, columns
from mnist_lab.terminal.output import echo, echo_json
from mnist_lab.terminal.tables import print_facts, print_files, print_heading, print_list, print_table
from mnist_lab.text.quantities import count
from mnist_lab.text.tables import NO_BREAK
from mnist_lab.text.tables import Column as Heading


def print_summary(study: Study, files: Sequence[Path], *, as_json: bool = False) -> None:
    """Print the table of each section, how many changes helped or hurt, and where the files are.

    With `as_json`, print `summary.json` instead, which is among the files.
    """
    if as_json:
        echo_json(next(file for file in files if file.name == "summary.json").read_text(encoding="utf-8"))
        return
    for section in study.sections:
        print_heading(_heading(section))
        shown = [part for column in columns(section) for part in _parts(column, section)]
        print_table(
            [column for column, _ in shown],
            zip(*(cells for _, cells in shown), strict=True),
            elsewhere="summary.csv has all columns",
        )
        if lead := wording.lead(section):
            print_list([lead])
    print_list(wording.remarks(study), apart=len(study.sections) > 1)
    print_files(f"{files[0].stem.capitalize()}: {files[0]}", (file.name for file in files[1:]))


def print_comparison(comparison: Comparison, files: Sequence[Path]) -> None:
    """Print how each run differs from the base, the findings, and where the files are."""
    base = comparison.base.group
    if len(comparison.arms) > 1:
        print_heading(f"{comparison.title}, {base.data.heading}")
        numbers = (Heading(heading, number=True) for heading in (comparison.metric.label, "Difference", "95 % CI"))
        rows = [(name, *cells, verdict.replace(" ", NO_BREAK)) for name, _, *cells, verdict in comparison.overview]
        print_table(("Runs", *numbers, "Verdict"), rows)
    for arm in comparison.arms:
        data = f", {base.data.heading}" if len(comparison.arms) == 1 else ""
        print_heading(f"{arm.heading}{data}")
        print_facts([("Change", arm.group.changed), ("Runs", wording.comparison.runs_compared(comparison, arm))])
        echo()
        interval = ("95 % CI",) if any(cells[-1] for cells in arm.cells) else ()
        names = (base.name, arm.group.name)
        numbers = [Heading(heading, number=True) for heading in (*names, "Difference", *interval)]
        print_table(("", *numbers), [cells[: 1 + len(numbers)] for cells in arm.cells])
        print_list(wording.comparison.findings(comparison, arm))
    print_list(wording.comparison.observed(comparison.base), apart=len(comparison.arms) > 1)
    print_list(wording.comparison.cautions(comparison))
    print_files(f"Comparison: {files[0]}", (file.name for file in files[1:]))


def _heading(section: Section) -> str:
    """State the data and, where all experiments have as many, the number of runs that the means are over."""
    n, *others = {group.n for group in section.groups}
    if others:
        return section.heading
    each = " each" if len(section.groups) > 1 else ""
    return f"{section.heading}, {count(n, 'run' if section.share else 'seed')}{each}"


def _parts(column: Column, section: Section) -> Iterator[tuple[Heading, list[str]]]:
    """Yield a column with its cells and, if any has an aside, a column for asides, which may be hidden separately."""
    cells = [column.cell(entry) for entry in section.entries]
    apart = column.aside_heading and any(cell.aside for cell in cells)
    heading = Heading(column.heading, column.numeric, column.priority)
    texts = [cell.main if apart else cell.text for cell in cells]
    yield heading, [text.replace(" ", NO_BREAK) for text in texts] if column.unbroken else texts
    if apart:
        asides = [cell.aside.strip("()± ") for cell in cells]
        yield Heading(column.aside_heading, number=True, priority=column.aside_priority), asides
