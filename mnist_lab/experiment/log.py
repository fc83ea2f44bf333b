"""The messages of a run, line by line, for its `log.txt` and for a terminal without a progress bar."""

from pathlib import Path

from typing_extensions import override

from mnist_lab.experiment.data import Splits
from mnist_lab.experiment.observer import Observer, Plan
from mnist_lab.history import Record
from mnist_lab.reports import wording
from mnist_lab.runs import Measured
from mnist_lab.text import quantities
from mnist_lab.text.printable import printable
from mnist_lab.text.tables import fitted


class Lines(Observer):
    """Notes what is about to be trained, and each epoch."""

    @override
    def begun(self, plan: Plan) -> None:
        for text in plan_lines(plan):
            self.note(text)

    @override
    def epoch(self, record: Record, epochs: int) -> None:
        self.note(epoch_line(record, epochs))


class LogFile(Lines):
    """Writes the `log.txt` of a run folder, line by line as things happen."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @override
    def begun(self, plan: Plan) -> None:
        if plan.backend.chatter:
            self.note(plan.backend.chatter.rstrip())
        super().begun(plan)

    @override
    def done(self, measured: Measured) -> None:
        test = measured.test
        loss = "NaN" if test.loss is None else f"{test.loss:.4f}"
        self.note(
            f"test: loss {loss}  accuracy {test.accuracy:.4f} (95 % confidence interval {wording.ends(test.ci95)})  "
            f"{test.wrong:,} of {test.total:,} wrong"
        )
        for observation in measured.observations:
            self.note(observation.text)

    @override
    def note(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(printable(text) + "\n")


def plan_lines(plan: Plan) -> list[str]:
    """Return lines on what is about to be trained, on which data and hardware."""
    layout, parameters = fitted(*plan.summary.table()), plan.summary.parameters
    layers = [layout.heading, layout.rule, *layout.rows, quantities.parameters(parameters.trainable, parameters.total)]
    return [heading(plan), image_counts(plan.splits), *layers, *remarks(plan)]


def heading(plan: Plan) -> str:
    """Return the run and its backend: `mlp_512, seed 1: tensorflow on cpu, 2 threads`."""
    config, backend = plan.config, plan.backend
    threads = quantities.count(backend.threads, "thread")
    return f"{config.name}, seed {config.seed}: {backend.name} on {backend.device}, {threads}"


def remarks(plan: Plan) -> list[str]:
    """Return what the reader should know before the first epoch."""
    text = []
    if start := plan.config.train.initial_weights:
        text.append(f"Initial weights: those of {start.run}.")
    if plan.splits.selected_on_test:
        text.append(
            "The validation images are the test images, so anything chosen by validation is chosen on the test set."
        )
    if plan.epochs_done and not (plan.continues and plan.continues.epochs == plan.epochs_done):
        text.append(f"Resuming after epoch {plan.epochs_done} of {plan.config.train.epochs}.")
    return text


def image_counts(splits: Splits) -> str:
    """Return the numbers of images: `MNIST: 48,000 training, 12,000 validation, 10,000 test images`."""
    if splits.selected_on_test:
        validation = "no separate validation"
    elif splits.validation is None:
        validation = "no validation"
    else:
        validation = f"{len(splits.validation):,} validation"
    return f"{splits.dataset.title}: {len(splits.train):,} training, {validation}, {len(splits.test):,} test images"


def epoch_line(record: Record, epochs: int) -> str:
    """Return a line: `epoch 3/10  loss 0.0721  accuracy 0.9778  val_loss 0.0735  val_accuracy 0.9784  1.3 s`."""
    width = len(str(epochs))
    values = [f"{name} {value:.4f}" for name, value in epoch_metrics(record).items()]
    return "  ".join([f"epoch {record['epoch']:>{width}}/{epochs}", *values, f"{record['seconds']:.1f} s"])


def epoch_metrics(record: Record) -> dict[str, float]:
    """Return loss and accuracy of an epoch, and those on the validation images if there are any."""
    return {name: record[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy") if name in record}
