"""`mnist-lab compare`: compare runs with a base run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_lab.cli import _completion
from mnist_lab.cli._options import (
    OUTPUT_FOLDER,
    data_dir_option,
    debug_option,
    examples,
    json_option,
    references,
    results_option,
)
from mnist_lab.terminal.output import echo, echo_json, echo_skipped

if TYPE_CHECKING:
    from mnist_lab.reports import Comparison


@click.command(
    short_help="Compare runs with a base run: configurations and results.",
    epilog=examples(
        "mnist-lab compare mlp_512 ablation/nodes_1024",
        "mnist-lab compare mlp_512 ablation/nodes_256 ablation/nodes_1024 --output nodes",
        "mnist-lab compare results/mlp_512/seed1-0123abcd results/mlp_512/seed2-0123abcd --json",
    ),
)
@references("BASE RUN...", _completion.runs)
@click.option(
    "--output",
    type=OUTPUT_FOLDER,
    metavar="DIR",
    help="Folder for compare.md, compare.json and figures. Default: a folder in comparisons/ in the results folder.",
)
@data_dir_option
@results_option
@json_option
@debug_option
def compare(
    references: tuple[str, ...], output: Path | None, data_dir: Path | None, results: Path, *, as_json: bool
) -> None:
    """Compare each RUN with BASE: what differs in configuration and results, and whether it is significant.

    BASE and RUN are single runs (folders or ids), which are compared image by image, or experiments (names, folders or
    fingerprints) with all their seeds, which are compared in pairs of equal seeds.

    Also plots the learning curves together, and the test images that only one of two runs classifies correctly.
    """
    if len(references) < 2:
        raise click.UsageError("Expected at least two runs: a base and one or more to compare with it.")
    from mnist_lab.reports import compare as compared
    from mnist_lab.reports import find_results, find_sides, write_comparison
    from mnist_lab.reports.write import default_folder

    sides = find_sides(references, results)
    comparison = compared(sides, find_results(sides, results))
    folder = output or default_folder(comparison, results)
    files, not_drawn = write_comparison(folder, comparison, data_dir)
    echo_skipped((*comparison.problems, *not_drawn))
    if as_json:
        echo_json((folder / "compare.json").read_text(encoding="utf-8"))
    else:
        _print(comparison, files)


def _print(comparison: "Comparison", files: list[Path]) -> None:
    from rich.text import Text

    from mnist_lab.reports import wording
    from mnist_lab.terminal import tables
    from mnist_lab.terminal.consoles import console
    from mnist_lab.text.tables import NO_BREAK, Column

    output = console()
    base = comparison.base.group
    if len(comparison.arms) > 1:
        output.print()
        output.print(Text(f"{comparison.title}, {base.data.heading}", style="bold"))
        output.print()
        numbers = (Column(heading, number=True) for heading in ("Test", "Difference", "95 % CI"))
        rows = [(name, *cells, verdict.replace(" ", NO_BREAK)) for name, _, *cells, verdict in comparison.overview]
        tables.print_table(("Runs", *numbers, "Verdict"), rows)
    for arm in comparison.arms:
        data = f", {base.data.heading}" if len(comparison.arms) == 1 else ""
        output.print()
        output.print(Text(f"{arm.heading}{data}", style="bold"))
        output.print()
        runs = wording.runs_compared(comparison, arm)
        output.print(tables.facts([("Change", arm.entry.group.changed), ("Runs", runs)]))
        output.print()
        interval = ("95 % CI",) if any(cells[-1] for cells in arm.cells) else ()
        names = (base.name, arm.entry.group.name)
        numbers = [Column(heading, number=True) for heading in (*names, "Difference", *interval)]
        tables.print_table(("", *numbers), [cells[: 1 + len(numbers)] for cells in arm.cells])
        output.print()
        output.print(tables.bullets(wording.findings(comparison, arm)))
    base_seen = [f"{base.name}: {wording.comparison(one)}" for one in comparison.base.observations]
    for remarks in (base_seen, wording.comparison_cautions(comparison)):
        if remarks:
            output.print()
            output.print(tables.bullets(remarks))
    echo(f"\nComparison: {files[0]}")
    output.print(tables.file_names(file.name for file in files[1:]))
