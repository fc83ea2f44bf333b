"""How the result of a run looks in a terminal: in full, or in a line."""

from typing import TYPE_CHECKING, Any

from rich.text import Text

from mnist_lab.analysis import observed
from mnist_lab.cli._consoles import console
from mnist_lab.cli._output import echo
from mnist_lab.cli._tables import bullets, facts, file_names, print_table
from mnist_lab.text import quantities
from mnist_lab.text.tables import Column

if TYPE_CHECKING:
    from mnist_lab.config.schema import Reference
    from mnist_lab.runs import Run


def print_line(run: "Run") -> None:
    """Name, test accuracy and folder."""
    test = run.metrics["test"]
    echo(f"{run.metrics['run']['experiment']}  test accuracy {test['accuracy']:.4f}  {run.folder.path}")


def print_run(run: "Run") -> None:
    """One run: results with intervals, published numbers, observations, files."""
    metrics, published = run.metrics, run.measured.published
    output = console()
    output.print()
    output.print(Text(_heading(metrics), style="bold"))
    output.print()
    print_table(*_results(metrics, published))
    output.print()
    output.print(facts(_facts(metrics, published)))
    if remarks := _remarks(run):
        output.print()
        output.print(bullets(remarks))
    echo(f"\nPlots, metrics and model: {run.folder.path}")
    output.print(file_names(run.folder.plots or ["no plots"]))


def _heading(metrics: dict[str, Any]) -> str:
    run, data = metrics["run"], metrics["dataset"]
    genuine = "" if data["genuine"] or data["name"] != "mnist" else " (not the published files)"
    return f"{run['name']}, seed {run['seed']}, {data.get('title', data['name'])}{genuine}"


def _results(metrics: dict[str, Any], published: "Reference") -> tuple[list[Column], list[list[str]]]:
    """A row each for training, validation and test; the published accuracies beside ours where there are some."""
    data, test, epochs = metrics["dataset"], metrics["test"], metrics["epochs"]
    known = published.train_accuracy is not None or published.test_accuracy is not None
    low, high = test["ci95"]

    def row(
        name: str, images: int, epoch: int, part: dict[str, Any], other: float | None, interval: str = ""
    ) -> list[str]:
        beside = [_accuracy(other)] if known else []
        loss = "NaN" if part["loss"] is None else f"{part['loss']:.4f}"
        return [name, f"{images:,}", str(epoch), loss, _accuracy(part["accuracy"]), *beside, interval]

    rows = [row("training", data["train"], epochs, metrics["train"], published.train_accuracy)]
    if metrics["validation"]:
        name = "test as validation" if data.get("selected_on_test") else "validation"
        rows.append(row(name, data["validation"], epochs, metrics["validation"], None))
    interval = f"{low:.4f} to {high:.4f}"
    rows.append(row("test", test["total"], metrics["best"]["epoch"], test, published.test_accuracy, interval))
    headings = ["Images", "Epoch", "Loss", "Accuracy", *(["Published"] if known else []), "95 % interval"]
    return [Column(""), *(Column(heading, number=True) for heading in headings)], rows


def _facts(metrics: dict[str, Any], published: "Reference") -> list[tuple[str, str]]:
    test, best, seconds, environment = (metrics[name] for name in ("test", "best", "seconds", "environment"))
    parameters = metrics["parameters"]
    epochs = quantities.count(metrics["epochs"], "epoch")
    saved = f"the weights of epoch {best['epoch']}, " + (
        f"best by {best['monitor']}" if best["restored"] else "the last"
    )
    lines = [
        ("Wrong", f"{test['wrong']:,} of {test['total']:,} test images"),
        ("Model", f"{quantities.parameters(parameters['trainable'], parameters['total'])}; saved with {saved}"),
        (
            "Time",
            f"{seconds['total']:.1f} s: {seconds['startup']:.1f} s start-up, {seconds['train']:.1f} s training "
            f"({epochs}, {seconds['epoch_median']:.2f} s each)",
        ),
        ("Backend", f"{environment['backend']} on {environment['device']}"),
    ]
    return lines + [("Published", text) for text in [_published_besides(published)] if text]


def _remarks(run: "Run") -> list[str]:
    reference = run.measured.reference
    changed = reference.departures if reference else ()
    incomparable = [f"No comparison with the published numbers: this run changes {', '.join(changed)}."]
    observations = [observation.text for observation in observed(run)]
    return [*(incomparable if changed else []), *run.metrics["dataset"].get("notes", []), *observations]


def _published_besides(published: "Reference") -> str:
    """What was published besides the accuracies that the table has."""
    numbers = [
        f"{name.replace('_', ' ')} {value}"
        for name in ("best_train_accuracy", "best_test_accuracy", "test_loss", "wrong")
        if (value := getattr(published, name)) is not None
    ]
    return "; ".join([*numbers, *([published.note] if published.note else [])])


def _accuracy(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
