"""`mnist-lab delete`: delete runs from disk, after confirmation."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo
from mnist_lab.text.quantities import count, megabytes

if TYPE_CHECKING:
    from mnist_lab.errors import MnistLabError
    from mnist_lab.runs import RunFolder


@_options.command(
    short_help="Delete runs from disk.",
    epilog=_options.examples(
        "mnist-lab delete seed1-0123abcd",
        "mnist-lab delete results/ablation/no_relu/seed1-0123abcd results/mlp_512/seed2-4567cdef",
        "mnist-lab delete mlp_512 --yes",
    ),
)
@_options.runs_argument
@_options.results
@click.option("--yes", is_flag=True, help="Delete without confirmation.")
def delete(references: tuple[str, ...], results: Path, *, yes: bool) -> None:
    """Delete runs with all their files, and the folders of experiments that become empty.

    RUN is a run folder (also that of a failed, interrupted or damaged run), a run id, or the name of an experiment with
    a single run. Runs that were moved, such as those in results/published, must be given as folders. Lists what would
    be deleted and asks for confirmation.
    """
    from mnist_lab.errors import InputError, SetupError
    from mnist_lab.runs.removal import removable

    folders = removable(references, results)
    _show(folders)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("Nothing was deleted: confirmation needs a terminal.", "Use --yes to skip it.")
        try:
            agreed = click.confirm(f"Permanently delete {count(len(folders), 'run')}?", err=True)
        except click.Abort:
            echo(err=True)  # ends the line of the prompt
            raise KeyboardInterrupt("Nothing was deleted.") from None
        if not agreed:
            echo("Nothing was deleted.", err=True)
            click.get_current_context().exit(1)
    failures = _remove(folders, results)
    if not failures:
        echo(f"Deleted {count(len(folders), 'run')}.")
        return
    echo(f"Deleted {len(folders) - len(failures)} of {count(len(folders), 'run')}.")
    raise failures[0] if len(failures) == 1 else SetupError("\n".join(map(str, failures)))


def _remove(folders: "list[RunFolder]", results: Path) -> "list[MnistLabError]":
    """Remove the folders one after the other, even if one cannot be removed; return the errors."""
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
            text = f"Deleted {gone} of {count(len(folders), 'run')}, and possibly part of the next."
            raise Interruption(text, number_of(interrupt)) from None
    return failures


def _state(folder: "RunFolder") -> str:
    from mnist_lab.errors import DamagedError, InputError, NewerFormatError
    from mnist_lab.runs import load_run

    try:
        load_run(folder.path)
    except NewerFormatError:
        return f"{folder.state}, by a newer mnist-lab"
    except DamagedError:
        return "damaged"
    except InputError:
        pass  # not finished, which the folder's state says
    return folder.state


def _show(folders: "list[RunFolder]") -> None:
    from mnist_lab.terminal.tables import print_table
    from mnist_lab.text.tables import MINOR, Column

    sizes = [folder.size() for folder in folders]
    rows = [
        (str(folder.path), _state(folder), f"{files:,}", megabytes(size))
        for folder, (files, size) in zip(folders, sizes, strict=True)
    ]
    if len(rows) > 1:
        rows.append(("Total", "", f"{sum(files for files, _ in sizes):,}", megabytes(sum(size for _, size in sizes))))
    print_table(("Run", "State", Column("Files", number=True, priority=MINOR), Column("Size", number=True)), rows)
