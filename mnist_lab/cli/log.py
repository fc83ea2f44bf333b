"""`mnist-lab log`: show finished runs in TensorBoard or MLflow."""

from pathlib import Path

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo


@_options.command(
    short_help="Log finished runs to TensorBoard or MLflow.",
    epilog=_options.examples(
        "mnist-lab log mlp_512 --to tensorboard",
        "mnist-lab log mlp_512 ablation/nodes_256 --to mlflow",
        "mnist-lab log results/mlp_512/seed1-0123abcd --to mlflow --store http://localhost:5000",
    ),
)
@_options.runs_argument
@click.option("--to", "name", type=click.Choice(["tensorboard", "mlflow"]), required=True, help="Tracker.")
@click.option(
    "--store",
    metavar="PLACE",
    help="tensorboard: folder for event files; default: the run folders. mlflow: address of the server or database; "
    "default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db.",
)
@_options.results
def log(references: tuple[str, ...], name: str, store: str | None, results: Path) -> None:
    """Log finished runs to a tracker: loss and accuracy by epoch and by batch, hyperparameters, plots, the confusion
    matrix, the test results and, in MLflow, the saved model.

    A run is logged to the same place only once, by this command or, during training, by runtime.report_to.
    """
    from mnist_lab.runs import find_run
    from mnist_lab.trackers.finished import report
    from mnist_lab.trackers.registry import tracker

    runs = [find_run(reference, results) for reference in references]
    chosen = tracker(name, store)
    for run in runs:
        new = report(run, chosen)
        echo(f"{run.folder.path}: {'logged' if new else 'already logged'}")
    echo(f"\nTo see them: {chosen.where()}")
