"""`mnist-lab report`: compare the finished runs of a folder."""

from pathlib import Path

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo, echo_json, echo_skipped


@_options.command(
    short_help="Compare all runs in a folder: tables, verdicts, plots, HTML.",
    epilog=_options.examples(
        "mnist-lab report",
        "mnist-lab report results/ablation",
        "mnist-lab report results/mlp_512 results/ablation --json",
        "mnist-lab report results/mlp_512/seed1-0123abcd --output one",
        "mnist-lab report results/ablation --latex > table.tex",
    ),
)
@click.argument("paths", nargs=-1, type=_options.PATH, metavar="[PATH]...")
@click.option(
    "--output",
    type=_options.OUTPUT_FOLDER,
    metavar="DIR",
    help="Folder for the files. Default: the first PATH.",
)
@_options.data_dir
@_options.json
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a row for each experiment.")
@click.option(
    "--latex", "as_latex", is_flag=True, help="Print the tables as LaTeX; the first line lists the packages they need."
)
def report(
    paths: tuple[Path, ...],
    output: Path | None,
    data_dir: Path | None,
    *,
    as_json: bool,
    as_csv: bool,
    as_latex: bool,
) -> None:
    """Compare the finished runs in and below PATH (default: results/).

    Runs that differ only in their seed share a row. Each experiment gets a verdict against its base. report.html (one
    page for a browser), report.md, summary.csv, summary.json and figures are written to the (first) PATH.
    """
    if as_json + as_csv + as_latex > 1:
        raise click.UsageError("--json, --csv and --latex cannot be combined.")
    from mnist_lab.errors import InputError
    from mnist_lab.reports import facts, latex, report_on
    from mnist_lab.reports.write import DEFAULT

    compared, files = report_on(paths, output, data_dir)
    echo_skipped(compared.problems)
    if not files:
        if as_json:
            echo_json(facts.as_json(facts.of_study(compared)))
        nothing = f"No finished runs below {', '.join(map(str, paths or [DEFAULT]))}"
        if compared.problems:
            raise InputError(f"{nothing} that can be read.", "`mnist-lab list` shows the finished runs.")
        echo(f"{nothing}.", err=True)
        return
    from mnist_lab.cli._comparison import print_summary

    if as_csv or as_latex:
        echo((facts.as_csv if as_csv else latex.as_latex)(compared), nl=False)
    else:
        print_summary(compared, files, as_json=as_json)
