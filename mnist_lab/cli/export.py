"""`mnist-lab export`: write trained networks in formats for use elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _options
from mnist_lab.exports.formats import FORMATS
from mnist_lab.terminal.output import echo, print_json
from mnist_lab.text.quantities import file_size

if TYPE_CHECKING:
    from mnist_lab.exports.agreement import Agreement
    from mnist_lab.exports.export import Exported


@_options.command(
    short_help="Write trained networks for use elsewhere.",
    epilog=_options.examples(
        "mnist-lab export mlp_512 --format onnx",
        "mnist-lab export mlp_512 --format litert --quantize int8",
        "mnist-lab export results/mlp_512/seed1-0123abcd --format saved_model --force",
        "mnist-lab export mlp_512 quickstart --format html --output classroom.html",
    ),
)
@_options.runs_argument
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True, help="Format of the file.")
@click.option(
    "--output",
    type=_options.UserPath(path_type=Path),
    metavar="PATH",
    help="File to write (saved_model: folder), or a folder for several. Default: named after the run, in the current "
    "directory.",
)
@click.option("--quantize", type=click.Choice(["int8"]), help="int8: compute in 8-bit integers (onnx, litert).")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@_options.data_dir
@_options.results
@_options.json
def export(
    references: tuple[str, ...],
    form: str,
    output: Path | None,
    results: Path,
    data_dir: Path | None,
    *,
    quantize: Any,
    force: bool,
    as_json: bool,
) -> None:
    """Write the trained networks of runs in a format for use without mnist-lab.

    onnx: for ONNX Runtime and others. litert: for phones and microcontrollers (formerly TensorFlow Lite). saved_model:
    for TensorFlow Serving. html: a page to draw a digit on, with the predictions of all RUNs side by side.

    The network takes raw pixels from 0 to 255 and returns the probability of each class; class names and
    preprocessing are in the file's metadata. Before a file is put in place, its predictions for all test images are
    compared with the run's. If they differ (int8: if accuracy falls by more than 0.01), nothing is written, and the
    exit code is 1.
    """
    from mnist_lab.exports.export import plan
    from mnist_lab.runs import find_run
    from mnist_lab.terminal.downloads import download_bar

    runs = [find_run(reference, results) for reference in references]
    planned = plan(runs, form, output=output, quantize=quantize, force=force, data_dir=data_dir)
    done = []
    for one in planned:
        with download_bar() as progress:
            done.append(one.write(progress))
        if not as_json:
            _print(done[-1])
    if as_json:
        print_json([one.as_dict() for one in done])


def _print(exported: "Exported") -> None:
    from mnist_lab.terminal.tables import print_facts

    echo(f"{exported.path}: {exported.form.title}, {file_size(exported.size)}")
    for run, agreement in zip(exported.runs, exported.agreements, strict=True):
        facts = run.measured.run
        print_facts([(f"  {facts.experiment}, seed {facts.seed}", _checked(agreement))])


def _checked(agreement: "Agreement") -> str:
    from mnist_lab.exports.agreement import TOLERANCE

    images = f"{agreement.images:,} test images"
    changed = f"{agreement.other_labels:,} of them" if agreement.other_labels else "none of them"
    if agreement.quantized:
        return (
            f"accuracy {agreement.after:.4f} on {images} ({agreement.before:.4f} before), predicted class differs for "
            f"{changed}"
        )
    return (
        f"agrees with {agreement.source} on {images}: largest difference {agreement.difference:.2g} (tolerance "
        f"{TOLERANCE:g}), predicted class differs for {changed}, accuracy "
        f"{agreement.after:.4f}"
    )
