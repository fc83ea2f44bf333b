"""`mnist-lab show`: one run in full, or what is inside its network."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _options
from mnist_lab.system.writable import make_folder
from mnist_lab.terminal.output import echo, echo_error, echo_warnings, print_json
from mnist_lab.text.quantities import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_lab.prediction import Network
    from mnist_lab.runs import Run


@_options.command(
    short_help="Show one run in full, or plot what its network has learned.",
    epilog=_options.examples(
        "mnist-lab show mlp_512",
        "mnist-lab show results/mlp_512/seed1-0123abcd --json",
        "mnist-lab show quickstart --weights",
        "mnist-lab show quickstart --activations 7 --output maps.png",
    ),
)
@_options.run_argument
@click.option("--weights", is_flag=True, help="Plot the weights of the first layer as images.")
@click.option(
    "--activations",
    "image",
    type=_options.REFERENCE,
    metavar="IMAGE",
    help="Plot the output of each convolution for an image: a file, or the index of a test image.",
)
@click.option(
    "--output",
    type=_options.PNG,
    metavar="FILE",
    help="PNG file of the plot. Default: named after the run, in the current directory.",
)
@_options.data_dir
@_options.results
@_options.json
def show(
    reference: str,
    image: str | None,
    output: Path | None,
    data_dir: Path | None,
    results: Path,
    *,
    weights: bool,
    as_json: bool,
) -> None:
    """Show one run in full.

    RUN is a run folder, a run id, or the name of an experiment with a single run. --weights and --activations save a
    plot instead: the filters of the first convolution (or the weights of the first layer, if it is dense) as images, or
    the feature maps of each convolution for an image. They need the trained network, which published runs do not
    contain.
    """
    plotted = weights or image is not None
    if weights and image is not None:
        raise click.UsageError("--weights and --activations cannot be combined.")
    if as_json and plotted:
        raise click.UsageError("--json cannot be combined with --weights or --activations.")
    if output and not plotted:
        raise click.UsageError("--output requires --weights or --activations.")
    from mnist_lab.runs import find_run

    run = find_run(reference, results)
    if plotted:
        _plot(run, image, output, data_dir)
        return
    from mnist_lab.cli._results import print_run

    echo_warnings(list(run.problems))
    if as_json:
        print_json(run.metrics)
    else:
        print_run(run)


def _plot(run: "Run", image: str | None, output: Path | None, data_dir: Path | None) -> None:
    """Plot the weights or, for an image, the activations, and print the path."""
    from mnist_lab.prediction import Network, feature_maps, first_layer

    network, title = Network(run, data_dir), run.measured.title
    if image is None:
        layer = first_layer(network.model)
        from mnist_lab import plots

        what, figure = "weights", plots.weights(layer.weights, unit=layer.unit, layer=layer.name, title=title)
    else:
        name, pixels = _image(network, image)
        maps = feature_maps(network.model, pixels)
        probabilities = network.model.predict(pixels[None], verbose=0)[0]
        best = int(probabilities.argmax())
        said = f"{name}, predicted {network.signature.classes[best]} ({percent(probabilities[best])})"
        from mnist_lab import plots

        what, figure = "activations", plots.activations(pixels, maps, title=f"{title}: {said}")
    path = output or Path(f"{run.measured.run.experiment.replace('/', '-')}-{run.folder.id}-{what}.png")
    make_folder(path.parent)
    plots.save(figure, path)
    echo(str(path))


def _image(network: "Network", image: str) -> "tuple[str, NDArray[Any]]":
    """Name and pixels of an image as passed to the network: a file, or a test image by its index."""
    if not (image.isascii() and image.isdecimal()) or Path(image).exists():
        from mnist_lab.prediction import read_pictures

        [picture], _ = read_pictures([Path(image)], network.signature)
        if picture.prepared.doubts:
            echo_error(f"Warning: {image}: {'; '.join(picture.prepared.doubts)}.")
        return picture.path.name, picture.prepared.pixels
    from mnist_lab import datasets

    dataset = datasets.load(network.run.config.data, network.data_dir, download=False)
    if int(image) >= len(dataset.x_test):
        raise click.BadParameter(
            f"{image} is out of range: {dataset.name} has test images 0 to {len(dataset.x_test) - 1:,}.",
            param_hint="'--activations'",
        )
    label = dataset.classes[int(dataset.y_test[int(image)])]
    return f"test image {image}, true {label}", dataset.x_test[int(image)]
