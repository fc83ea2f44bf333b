"""How a comparison looks in a terminal: a row an experiment, the outcome in a few lines, and where to read the rest."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.text import Text

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.cli._consoles import console
from mnist_lab.cli._output import echo, echo_json
from mnist_lab.cli._tables import bullets, file_names, print_table
from mnist_lab.report import Section, Study, wording
from mnist_lab.report.columns import Column, columns
from mnist_lab.text.quantities import count
from mnist_lab.text.tables import Column as Heading


def print_summary(study: Study, files: Sequence[Path], *, as_json: bool = False) -> None:
    """Print the table of each section, then how many changes helped or hurt, and where the files are.

    Args:
        study: what is told.
        files: the first is named with its folder; `summary.json` is among them.
        as_json: print `summary.json` instead.
    """
    if as_json:
        echo_json(next(file for file in files if file.name == "summary.json").read_text(encoding="utf-8"))
        return
    output = console()
    told: list[str] = []
    for section in study.sections:
        output.print()
        output.print(Text(section.heading, style="bold"))
        output.print()
        shown = [part for column in columns(section) for part in _parts(column, section)]
        print_table(
            [column for column, _ in shown],
            zip(*(cells for _, cells in shown), strict=True),
            output=output,
            elsewhere="summary.csv has all columns",
        )
        where = f"{section.heading}: " if len(study.sections) > 1 else ""
        if lead := wording.lead(section):
            told.append(f"{where}{lead}")
    if legend := _legend(study):
        told.append(legend)
    if len(study.sections) > 1:
        told.append(wording.APART)
    if selected := sum(group.n for group in study.groups if group.selected_on_test):
        told.append(
            f"{count(selected, 'run')} used the test images for validation, so their test accuracy is optimistic."
        )
    output.print()
    output.print(bullets(told))
    echo(f"\n{files[0].stem.capitalize()}: {files[0]}")
    output.print(file_names(file.name for file in files[1:]))


def _parts(column: Column, section: Section) -> Iterator[tuple[Heading, list[str]]]:
    """A column with its cells, and one for what qualifies its numbers, which may be hidden on its own."""
    apart = column.aside_heading and any(map(column.aside, section.entries))
    cells = map(column.main if apart else column.text, section.entries)
    yield Heading(column.heading, column.numeric, column.priority), list(cells)
    if apart:
        asides = [column.aside(entry).strip("()± ") for entry in section.entries]
        yield Heading(column.aside_heading, number=True, priority=column.aside_priority), asides


def _legend(study: Study) -> str:
    """What a difference and a verdict are; empty if there are none."""
    verdicts = [verdict for section in study.sections for verdict in section.verdicts.values() if verdict.paired]
    if not verdicts:
        return ""
    bases = {base for section in study.sections for base in section.families}
    numbers = {len(verdict.seeds) for verdict in verdicts}
    base = bases.pop() if len(bases) == 1 else "the base"
    seeds = f"same {count(numbers.pop(), 'seed')}" if len(numbers) == 1 else "same seeds"
    text = f"Difference: test accuracy minus that of {base} with the {seeds}, in percentage points."
    if not any(verdict.paired and verdict.paired.interval for verdict in verdicts):
        return text
    return f"{text} Interval and verdict: paired sign-flip test at {ALPHA:g}, Holm-corrected."
