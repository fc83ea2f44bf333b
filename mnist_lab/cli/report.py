"""`mnist-lab report`: the runs on disk, compared."""

from pathlib import Path

import click

from mnist_lab.cli.options import debug_option, examples, json_option

DEFAULT = Path("results")


@click.command(
    epilog=examples(
        "mnist-lab report",
        "mnist-lab report results/ablation",
        "mnist-lab report results/mlp_512 results/ablation --json",
    )
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@json_option
@debug_option
def report(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Compare the finished runs in and below PATH (results/ without one).

    Runs that differ in seed only are one row. Each experiment gets a verdict against its base. report.html (one
    file, to be opened in a browser), report.md, summary.md, .csv, .json and two figures go into the (first) PATH.
    """
    from mnist_lab.report import collect, groups, study, write_summary

    folders = list(paths or [DEFAULT])
    found = collect(folders if paths or DEFAULT.is_dir() else [])
    for problem in found.problems:
        click.echo(f"Left out: {problem}", err=True)
    if not found.runs:
        click.echo(f"No finished runs below {', '.join(map(str, folders))}.", err=True)
        return
    from mnist_lab.cli.summaries import print_summary
    from mnist_lab.report.document import write_document
    from mnist_lab.report.page import write_page

    compared = study(title_of(folders[0]), groups(found.runs), found.problems)
    files = write_summary(folders[0], compared, redraw=True)
    reports = [write_page(folders[0], compared), write_document(folders[0], compared)]
    print_summary(compared, [*reports, *files], as_json=as_json)


def title_of(folder: Path) -> str:
    """What the comparison of the runs in a folder is called: as the folder is."""
    return folder.resolve().name or "results"
