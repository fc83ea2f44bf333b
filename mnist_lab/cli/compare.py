"""`mnist-lab compare`: compare runs with a base run."""

from pathlib import Path

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.terminal.output import echo_json, echo_warnings


@_options.command(
    short_help="Compare runs with a base run: configurations and results.",
    epilog=_options.examples(
        "mnist-lab compare mlp_512 ablation/nodes_1024",
        "mnist-lab compare mlp_512 ablation/nodes_256 ablation/nodes_1024 --output nodes",
        "mnist-lab compare results/mlp_512/seed1-0123abcd results/mlp_512/seed2-0123abcd --json",
    ),
)
@_options.references("BASE RUN...", _completion.runs)
@click.option(
    "--output",
    type=_options.OUTPUT_FOLDER,
    metavar="DIR",
    help="Folder for compare.md, compare.json and figures. Default: a folder in comparisons/ in the results folder.",
)
@_options.data_dir
@_options.results
@_options.json
def compare(
    references: tuple[str, ...], output: Path | None, data_dir: Path | None, results: Path, *, as_json: bool
) -> None:
    """Compare each RUN with BASE: changes in configuration, differences in results, and whether these are significant.

    BASE and RUN are single runs (folders or ids), which are compared image by image, or experiments (names, folders or
    fingerprints) with all their seeds, which are compared seed by seed.

    Also plots the learning curves together, and the test images that only one of two runs classifies correctly.
    """
    if len(references) < 2:
        raise click.UsageError("Expected at least two runs: a base and one or more to compare with it.")
    from mnist_lab.cli._comparison import print_comparison
    from mnist_lab.reports import comparison_of

    comparison, files = comparison_of(references, results, output, data_dir)
    echo_warnings(comparison.problems)
    if as_json:
        echo_json(files[1].read_text(encoding="utf-8"))
    else:
        print_comparison(comparison, files)
