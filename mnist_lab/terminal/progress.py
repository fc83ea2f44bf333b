"""A run's progress on stderr: a live bar in a terminal, plain lines elsewhere, nothing if quiet."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from mnist_lab.experiment import Observer, Plan, log
from mnist_lab.history import Record
from mnist_lab.system import streams
from mnist_lab.terminal.downloads import download_lines
from mnist_lab.terminal.output import echo
from mnist_lab.text.quantities import megabytes
from mnist_lab.text.quantities import parameters as counts

if TYPE_CHECKING:
    from mnist_lab.training import Progress


class Lines(log.Lines):
    """Prints plain lines, as in the log."""

    def __init__(self) -> None:
        self._downloading = download_lines()

    @override
    def download(self, address: str, done: int, total: int | None) -> None:
        self._downloading(address, done, total)

    @override
    def note(self, text: str) -> None:
        echo(text, err=True)


class Live(Observer):
    """Shows a bar for what is in progress; finished epochs stay above it as the rows of a table."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        from mnist_lab.terminal.consoles import live_console

        self._stderr = streams.copy_of_stderr()
        self._console = live_console(self._stderr)
        self._bar = Progress(
            SpinnerColumn("line" if self._console.options.ascii_only else "dots"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, figures="")
        self._epochs = 0
        self._headed = False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._bar.stop()
        if self._stderr is not sys.stderr:
            self._stderr.close()

    @override
    def preparing(self, text: str) -> None:
        self._update(description=text, total=None, completed=0, figures="")

    @override
    def download(self, address: str, done: int, total: int | None) -> None:
        figures = megabytes(done) + (f" of {megabytes(total)}" if total else "")
        name = address.rpartition("/")[2]
        self._update(description=f"Downloading {name}", total=total, completed=done, figures=figures)

    @override
    def begun(self, plan: Plan) -> None:
        from mnist_lab.terminal.tables import renderable

        parameters = plan.summary.parameters
        self._say(log.heading(plan), style="bold")
        self._say(log.image_counts(plan.splits))
        self._say()
        self._console.print(renderable(*plan.summary.table(), self._console))
        self._say(counts(parameters.trainable, parameters.total))
        self._say()
        for text in log.remarks(plan):
            self._say(text, style="yellow")
        self._epochs = plan.config.train.epochs
        self._begin_epoch(plan.epochs_done + 1)

    @override
    def batch(self, progress: "Progress") -> None:
        self._update(
            total=progress.total,
            completed=progress.done,
            figures=f"loss {progress.loss:.4f}  accuracy {progress.accuracy:.4f}",
        )

    @override
    def epoch(self, record: Record, epochs: int) -> None:
        width = 2 * len(str(epochs)) + 1
        figures = log.epoch_metrics(record)
        if not self._headed:
            self._headed = True
            self._say("  ".join(["epoch".rjust(width), *(name.rjust(8) for name in figures), "seconds"]), style="bold")
        cells = [f"{record['epoch']}/{epochs}".rjust(max(5, width))]
        cells += [f"{value:.4f}".rjust(max(8, len(name))) for name, value in figures.items()]
        self._say("  ".join([*cells, f"{record['seconds']:7.1f}"]))
        self._begin_epoch(record["epoch"] + 1)

    @override
    def note(self, text: str) -> None:
        self._say(text)

    def _begin_epoch(self, epoch: int) -> None:
        if epoch <= self._epochs:
            self._update(description=f"epoch {epoch}/{self._epochs}", total=None, completed=0, figures="")

    def _say(self, text: str = "", *, style: str | None = None) -> None:
        self._console.print(text, style=style, markup=False)

    def _update(self, **changes: Any) -> None:
        self._bar.update(self._task, **changes)


def observer_for(*, quiet: bool) -> AbstractContextManager[Observer]:
    """Return the observer for this terminal."""
    if quiet:
        return nullcontext(Observer())
    return Live() if sys.stderr.isatty() else nullcontext(Lines())
