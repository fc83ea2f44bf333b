"""Prints the result of a run, in full or as one line."""

from contextlib import suppress

from mnist_lab.config.schema import Reference
from mnist_lab.errors import InputError
from mnist_lab.reports import wording
from mnist_lab.reports.observations import observed
from mnist_lab.runs import Measured, Run
from mnist_lab.runs.measured import Score, Test
from mnist_lab.terminal.output import echo
from mnist_lab.terminal.tables import print_facts, print_files, print_heading, print_list, print_table
from mnist_lab.text import quantities
from mnist_lab.text.tables import Column


def print_line(run: Run) -> None:
    """Print name, test accuracy and folder of a run in one line."""
    measured = run.measured
    echo(f"{measured.run.experiment}  test accuracy {measured.test.accuracy:.4f}  {run.folder.path}")


def print_run(run: Run) -> None:
    """Print a run: results with intervals, published numbers, observations, files."""
    data = run.measured.dataset
    print_heading(run.measured.title + ("" if data.genuine or data.name != "mnist" else " (not the published files)"))
    print_table(*_results(run.measured))
    echo()
    print_facts(_facts(run))
    print_list(_remarks(run))
    print_files(f"Plots, metrics and model: {run.folder.path}", run.folder.plots or ["no plots"])


def _results(measured: Measured) -> tuple[list[Column], list[list[str]]]:
    """One row each for training, validation and test, with published accuracies, if any, next to ours."""
    data, test, epochs, published = measured.dataset, measured.test, measured.epochs, measured.published
    known = published.train_accuracy is not None or published.test_accuracy is not None

    def row(
        name: str, images: int, epoch: int, score: Score | Test, other: float | None, interval: str = ""
    ) -> list[str]:
        beside = [_accuracy(other)] if known else []
        loss = "NaN" if score.loss is None else f"{score.loss:.4f}"
        return [name, f"{images:,}", str(epoch), loss, _accuracy(score.accuracy), *beside, interval]

    rows = [row("training", data.train, epochs, measured.train, published.train_accuracy)]
    if measured.validation:
        rows.append(row(data.validation_label, data.validation, epochs, measured.validation, None))
    rows.append(row("test", test.total, measured.best.epoch, test, published.test_accuracy, wording.ends(test.ci95)))
    headings = ["Images", "Epoch", "Loss", "Accuracy", *(["Published"] if known else []), "95 % CI"]
    return [Column(""), *(Column(heading, number=True) for heading in headings)], rows


def _facts(run: Run) -> list[tuple[str, str]]:
    measured, test, best = run.measured, run.measured.test, run.measured.best
    size, seconds, environment = measured.parameters, measured.seconds, measured.environment
    epochs = quantities.count(measured.epochs, "epoch")
    saved = f"the weights of epoch {best.epoch}, " + (f"best by {best.monitor}" if best.restored else "the last")
    total, startup, train = map(quantities.duration, (seconds.total, seconds.startup, seconds.train))
    lines = [
        ("Wrong", f"{test.wrong:,} of {test.total:,} test images"),
        ("Model", f"{quantities.parameters(size.trainable, size.total)}; saved with {saved}"),
        ("Time", f"{total}: start-up {startup}, training {train} ({epochs}, median {seconds.epoch_median:.2f} s)"),
        ("Backend", f"{environment.get('backend', 'unknown')} on {environment.get('device', 'unknown')}"),
    ]
    if before := measured.run.continues:
        of_it = quantities.count(before.epochs, "epoch")
        lines.append(("Continues", f"{before.id}; the times include its {of_it}"))
    if besides := _published_besides(measured.published):
        lines.append(("Published", besides))
    with suppress(InputError):
        if start := run.config.train.initial_weights:
            lines.append(("Initial weights", f"those of {start}"))
    return lines


def _remarks(run: Run) -> list[str]:
    reference = run.measured.reference
    changed = reference.departures if reference else ()
    incomparable = [f"Not comparable with the published numbers, because this run changes {wording.listed(changed)}."]
    observations = [one.text for one in observed(run)]
    return [*(incomparable if changed else []), *run.measured.dataset.notes, *observations]


def _published_besides(published: Reference) -> str:
    """Return the published numbers that are not in the table."""
    numbers = [
        f"{name.replace('_', ' ')} {value}"
        for name in ("best_train_accuracy", "best_test_accuracy", "test_loss", "wrong")
        if (value := getattr(published, name)) is not None
    ]
    return "; ".join([*numbers, *([published.note] if published.note else [])])


def _accuracy(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
