"""The log of a run: all that it says, in its folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from mnist_lab.experiment import lines
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.text.printable import printable

if TYPE_CHECKING:
    from mnist_lab.history import Record
    from mnist_lab.runs import Measured


class LogFile(Observer):
    """Writes `log.txt` of a run folder, a line as it happens."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @override
    def begun(self, plan: Plan) -> None:
        if plan.backend.chatter:
            self.note(plan.backend.chatter.rstrip())
        for text in lines.plan(plan):
            self.note(text)

    @override
    def epoch(self, record: "Record", epochs: int) -> None:
        self.note(lines.epoch(record, epochs))

    @override
    def done(self, measured: "Measured") -> None:
        for text in lines.result(measured):
            self.note(text)

    @override
    def note(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(printable(text) + "\n")
