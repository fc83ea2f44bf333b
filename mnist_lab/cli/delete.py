"""`mnist-lab delete`: remove runs from disk, after asking."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_lab.cli._options import REFERENCE, debug_option, examples, results_option
from mnist_lab.cli._output import echo
from mnist_lab.text.quantities import count, megabytes

if TYPE_CHECKING:
    from mnist_lab.errors import MnistLabError
    from mnist_lab.runs import RunFolder


@click.command(
    epilog=examples(
        "mnist-lab delete seed1-0123abcd",
        "mnist-lab delete results/ablation/no_relu/seed1-0123abcd results/mlp_512/seed2-4567cdef",
        "mnist-lab delete mlp_512 --yes",
    )
)
@click.argument("references", nargs=-1, required=True, type=REFERENCE, metavar="RUN...")
@results_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@debug_option
@click.pass_context
def delete(context: click.Context, references: tuple[str, ...], results: Path, *, yes: bool) -> None:
    """Delete runs with all their files, and the folders of experiments that have none left.

    RUN is a run's folder, its id, or its experiment's name if that has one run; a folder may also be that of a run that
    failed, was interrupted or is damaged. A run that lies elsewhere than it was written, such as those in
    results/published, has to be named by its folder. Shows what would go and asks first.
    """
    from mnist_lab.errors import InputError, SetupError
    from mnist_lab.runs.removal import removable

    folders = removable(references, results)
    _show(folders)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("Nothing was deleted: there is no terminal to ask at.", "--yes deletes without asking.")
        try:
            agreed = click.confirm(f"Delete {count(len(folders), 'run')} for good?", err=True)
        except click.Abort:
            raise KeyboardInterrupt("Nothing was deleted.") from None
        if not agreed:
            echo("Nothing was deleted.", err=True)
            context.exit(1)
    failures = _remove(folders, results)
    if not failures:
        echo(f"Deleted {count(len(folders), 'run')}.")
        return
    echo(f"Deleted {len(folders) - len(failures)} of {count(len(folders), 'run')}.")
    raise failures[0] if len(failures) == 1 else SetupError("\n".join(map(str, failures)))


def _remove(folders: "list[RunFolder]", results: Path) -> "list[MnistLabError]":
    """Remove one after the other; one that cannot be removed does not stop the others."""
    from mnist_lab.errors import MnistLabError
    from mnist_lab.runs.removal import remove
    from mnist_lab.system.signals import Interruption, number_of

    failures: list[MnistLabError] = []
    for number, folder in enumerate(folders):
        try:
            remove(folder, results)
        except MnistLabError as error:
            failures.append(error)
        except KeyboardInterrupt as interrupt:
            gone = number - len(failures)
            text = f"Deleted {gone} of {count(len(folders), 'run')}, and maybe a part of the next."
            raise Interruption(text, number_of(interrupt)) from None
    return failures


def _show(folders: "list[RunFolder]") -> None:
    from mnist_lab.cli._tables import print_table
    from mnist_lab.text.tables import MINOR, Column

    sizes = [folder.size() for folder in folders]
    rows = [
        (str(folder.path), folder.state, f"{files:,}", megabytes(size))
        for folder, (files, size) in zip(folders, sizes, strict=True)
    ]
    if len(rows) > 1:
        rows.append(("all", "", f"{sum(files for files, _ in sizes):,}", megabytes(sum(size for _, size in sizes))))
    print_table(("Run", "State", Column("Files", number=True, priority=MINOR), Column("Size", number=True)), rows)
