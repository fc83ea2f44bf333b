"""`mnist-lab predict`: classify images with a trained network, or evaluate it on another data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _completion, _options
from mnist_lab.system.writable import make_folder
from mnist_lab.terminal.output import echo, echo_error, echo_prose, print_json

if TYPE_CHECKING:
    from mnist_lab.datasets import Dataset
    from mnist_lab.prediction import Network, Picture, Prediction, Score, Signature
    from mnist_lab.runs import Run

_TOP = 3
_JSON = "--json has all columns"


@_options.command(
    short_help="Classify image files with a trained network.",
    epilog=_options.examples(
        "mnist-lab predict mlp_512 seven.png photo.jpg",
        "mnist-lab predict mlp_512 drawings/*.png --plot predicted.png",
        "mnist-lab predict results/mlp_512/seed1-0123abcd seven.npy --prepare none --json",
        "mnist-lab predict mlp_512 --dataset digits",
    ),
)
@_options.run_argument
@click.argument("pictures", nargs=-1, type=_options.PATH, metavar="[IMAGE]...")
@click.option(
    "--dataset",
    type=_options.REFERENCE,
    metavar="NAME|PATH",
    shell_complete=_completion.datasets,
    help="Evaluate on the test images of this data set instead of image files.",
)
@click.option(
    "--prepare",
    type=click.Choice(["mnist", "resize", "none"]),
    help="mnist: crop to the ink and centre, light on dark. resize: only resize. none: use unchanged, except for "
    "the number of channels. Default: mnist for networks trained on MNIST, EMNIST or the bundled digits, else resize.",
)
@click.option(
    "--plot",
    type=_options.PNG,
    metavar="FILE",
    help="Plot images, network inputs and predictions as a PNG file; with --dataset, the confusion matrix.",
)
@_options.backend("Keras backend: tensorflow, jax, torch or auto. Default: that of RUN.")
@click.option("--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True, help="Device.")
@_options.data_dir
@_options.results
@_options.json
def predict(
    reference: str,
    pictures: tuple[Path, ...],
    dataset: str | None,
    prepare: Any,
    plot: Path | None,
    backend: str | None,
    device: str,
    data_dir: Path | None,
    results: Path,
    *,
    as_json: bool,
) -> None:
    """Classify image files with the trained network of RUN: label, probability and runners-up.

    IMAGE is a PNG, JPEG, GIF, BMP, TIFF, WebP, PNM or .npy file: greyscale or colour, any size, dark on light or light
    on dark. For networks trained on MNIST, EMNIST or the bundled digits, it is cropped to the ink, scaled to 20 x 20
    pixels and centred on its centre of mass in 28 x 28, as MNIST's digits were; an image that is already in this form
    is left unchanged. For other networks, such as those trained on your own data, it is only resized. --prepare
    overrides this.

    In photographs, shadows, uneven light, printed lines and the surroundings of the sheet are removed first. A
    doubtful prediction (several drawings, a drawing that is cut off or fills the image, or a probability below 0.8)
    comes with a warning. Files that cannot be read are reported on stderr and skipped; the exit code is then 1, or 2 if
    none can be read.
    """
    if pictures and dataset:
        raise click.UsageError("Image files and --dataset cannot be combined.")
    if not (pictures or dataset):
        raise click.UsageError("Expected image files, or --dataset with the name or path of a data set.")
    if dataset and prepare:
        raise click.UsageError("--prepare applies to image files only, not to --dataset.")
    from mnist_lab.prediction import Network, read_pictures
    from mnist_lab.runs import find_run

    network = Network(find_run(reference, results), data_dir, backend, device)
    signature = network.signature
    if dataset:
        from mnist_lab.terminal.downloads import download_bar

        with download_bar() as progress:
            loaded = network.dataset(dataset, progress)
        _print_score(network, loaded, network.score(loaded), plot, as_json=as_json)
        return
    read, unreadable = read_pictures(pictures, signature, prepare)
    _print_predictions(network, read, network.predict(read), plot, as_json=as_json)
    if signature.assumed and not prepare and not as_json:
        echo_prose(_assumed(signature))
    for problem in unreadable:
        echo_error(f"Error: {problem}")
    if unreadable:
        click.get_current_context().exit(1)


def _print_predictions(
    network: "Network", pictures: "list[Picture]", found: "list[Prediction]", plot: Path | None, *, as_json: bool
) -> None:
    from mnist_lab.terminal.tables import print_table
    from mnist_lab.text.tables import MINOR, Column

    if plot:
        from mnist_lab import plots

        classes = network.signature.classes
        figure = plots.given(
            [picture.given for picture in pictures],
            [one.prepared for one in found],
            [[one.probabilities[name] for name in classes] for one in found],
            classes,
            names=[picture.path.name for picture in pictures],
            title=_title(network.run),
            warnings=[one.warning for one in found],
        )
        make_folder(plot.parent)
        plots.save(figure, plot)
    answers, rows = [], []
    for picture, one in zip(pictures, found, strict=True):
        if one.warning:
            echo_error(f"Warning: {one.image}: {one.warning}.")
        done, likely = picture.prepared.done, list(one.probabilities.items())[:_TOP]
        top = [{"label": label, "probability": probability} for label, probability in likely]
        answers.append({"image": one.image, **top[0], "top": top, "preparation": done, "warning": one.warning})
        others = ", ".join(f"{label} {probability:.4f}" for label, probability in likely[1:])
        rows.append((one.image, one.label, f"{one.probability:.4f}", others, done))
    if as_json:
        print_json(answers)
        return
    probability, prepared = Column("Probability", number=True), Column("Prepared", priority=MINOR + 1)
    print_table(("Image", "Label", probability, Column("Runners-up", priority=MINOR), prepared), rows, elsewhere=_JSON)
    if plot:
        echo(f"\nPlot: {plot}")


def _assumed(signature: "Signature") -> str:
    from mnist_lab.datasets.centring import SIDE

    title = signature.title
    note = f"\nIt is not known how {title} was prepared, so the images were only resized."
    fits = signature.shape == (SIDE, SIDE, 1)
    return f"{note} If {title} is cropped and centred like MNIST, use --prepare mnist." if fits else note


def _print_score(network: "Network", dataset: "Dataset", score: "Score", plot: Path | None, *, as_json: bool) -> None:
    run, classes = network.run, network.signature.classes
    renamed = dataset.classes != classes
    if plot:
        from mnist_lab import plots

        title = f"{_title(run)}, tested on {dataset.title}"
        make_folder(plot.parent)
        plots.save(plots.confusion(score.confusion, dataset.classes, title=title), plot)
    if as_json:
        print_json({
            "run": str(run.folder.path),
            "dataset": {"name": dataset.name, "sha256": dataset.sha256, "genuine": dataset.genuine},
            "same_dataset": score.same_dataset,
            "same_class_names": not renamed,
            "test": {name: getattr(score, name) for name in ("loss", "accuracy", "correct", "wrong", "total", "ci95")},
        })  # fmt: skip
        return
    low, high = score.ci95
    echo_prose(
        f"{_title(run)}, evaluated on the {score.total:,} test images of {dataset.title}:\n"
        f"accuracy {score.accuracy:.4f} (95 % confidence interval {low:.4f} to {high:.4f}), "
        f"{score.wrong:,} of {score.total:,} wrong, loss {score.loss:.4f}"
    )
    if score.same_dataset:
        echo("This is the data set that the run was trained and tested on.")
    if renamed:
        echo_prose(
            f"Class names differ ({dataset.classes[0]}, ... instead of {classes[0]}, ...); "
            "classes are matched by index."
        )
    if plot:
        echo(f"\nPlot: {plot}")


def _title(run: "Run") -> str:
    facts = run.measured.run
    return f"{facts.name}, seed {facts.seed}, trained on {run.measured.dataset.label}"
