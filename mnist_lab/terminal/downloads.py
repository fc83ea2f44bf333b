"""The progress of a download on stderr."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mnist_lab.terminal.output import echo

if TYPE_CHECKING:
    from mnist_lab.datasets import Progress


@contextlib.contextmanager
def download_bar(quiet: bool = False) -> "Iterator[Progress | None]":
    """Provide what to pass as `progress` to `mnist_lab.datasets`, to show downloads on stderr.

    It shows a bar in a terminal, a line per file elsewhere, and nothing if `quiet`.
    """
    if quiet or not sys.stderr.isatty():
        yield None if quiet else download_lines()
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from mnist_lab.terminal.consoles import live_console

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=live_console())
    tasks: dict[str, Any] = {}

    def update(url: str, done: int, total: int | None) -> None:
        if not tasks:
            bar.start()
        if url not in tasks:
            tasks[url] = bar.add_task(url.rpartition("/")[2], total=total)
        bar.update(tasks[url], completed=done, total=total)

    try:
        yield update
    finally:
        if tasks:
            bar.stop()


def download_lines() -> Callable[[str, int, int | None], None]:
    """Return what prints one line per file, if stderr is not a terminal."""
    seen: set[str] = set()

    def update(url: str, done: int, total: int | None) -> None:
        if url not in seen:
            seen.add(url)
            echo(f"downloading {url}" + (f" ({total:,} bytes)" if total else ""), err=True)

    return update
