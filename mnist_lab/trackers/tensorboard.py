"""Writes event files for TensorBoard with tensorboardX, in the folder of the run or in one that the user names.

`tensorboard --logdir results` finds them and names each after its folder.
"""

import json
import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tensorboardX import SummaryWriter
from tensorboardX.summary import hparams
from typing_extensions import override

from mnist_lab.history import Record
from mnist_lab.runs import Run
from mnist_lab.system import atomic
from mnist_lab.trackers.tracker import Subject, Tracker, confusion, numbers, of_epoch, of_run, pictures

COMPLETE = "tensorboard.json"
"""The file beside the events with the start time of the run that was logged completely."""
_EVENTS = "events.out.tfevents.*"
_FLUSH = 5
"""Seconds until an event is written to the file."""


class TensorBoard(Tracker):
    """Writes event files.

    Args:
        store: the folder in which each run gets a folder; None for the run folders themselves.
    """

    title = "TensorBoard"

    def __init__(self, store: str | None = None) -> None:
        self._store = Path(store) if store else None
        self._subject: Subject
        self._writer: Any
        self._folders: list[str] = []

    @override
    def has(self, run: Run) -> bool:
        try:
            logged = json.loads((self._folder(Subject.of(run)) / COMPLETE).read_bytes())
        except (OSError, ValueError):
            return False
        return logged == {"started": run.measured.run.started}

    @override
    def begin(self, subject: Subject) -> None:
        self._subject = subject
        folder = self._folder(subject)
        folder.mkdir(parents=True, exist_ok=True)
        for old in (folder / COMPLETE, *folder.glob(_EVENTS)):
            old.unlink(missing_ok=True)
        # With purge_step, TensorBoard forgets what it has read from the removed files.
        self._writer = SummaryWriter(str(folder), purge_step=0, flush_secs=_FLUSH)
        self._writer.add_text("run", _table({"name": subject.title, "data set": subject.dataset, **subject.tags}))

    @override
    def epoch(self, record: Record, at: float) -> None:
        for name, value, epoch in of_epoch(record):
            self._writer.add_scalar(name, value, epoch, walltime=at)

    @override
    def finish(self, run: Run) -> None:
        writer, epochs = self._writer, run.measured.epochs
        for name, value, step in of_run(run):
            writer.add_scalar(name, value, step)
        for name, file in pictures(run).items():
            with Image.open(file) as image:
                writer.add_image(f"plots/{name}", np.asarray(image.convert("RGB")), epochs, dataformats="HWC")
        if matrix := confusion(run):
            writer.add_text("confusion matrix", _matrix(matrix, run.measured.dataset.names), epochs)
        for summary in hparams(self._subject.parameters(main=True), numbers(run)):
            writer.file_writer.add_summary(summary)
        writer.close()
        complete = {"started": run.measured.run.started}
        atomic.write_text(self._folder(self._subject) / COMPLETE, json.dumps(complete))

    @override
    def abandon(self) -> None:
        self._writer.close()

    @override
    def where(self) -> str:
        return f"tensorboard --logdir {shlex.quote(os.path.commonpath(self._folders))}"

    def _folder(self, subject: Subject) -> Path:
        if self._store is None:
            folder = subject.folder.path
        else:
            folder = self._store / str(subject.config.experiment) / subject.folder.id
        self._folders.append(str(folder))
        return folder


def _table(facts: dict[str, str]) -> str:
    """Return a table in Markdown, which TensorBoard renders."""
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in facts.items())])


def _matrix(matrix: list[list[int]], classes: tuple[str, ...]) -> str:
    lines = [["true \\ predicted", *classes], ["---"] * (len(classes) + 1)]
    lines += [[f"**{name}**", *map(str, row)] for name, row in zip(classes, matrix, strict=True)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
