"""What a run says in plain lines, the same in its log and in a terminal."""

from typing import TYPE_CHECKING

from mnist_lab.text import quantities
from mnist_lab.text.tables import MINOR, Column, fitted

if TYPE_CHECKING:
    from mnist_lab.experiment.material import Material
    from mnist_lab.experiment.observer import Plan
    from mnist_lab.history import Record
    from mnist_lab.models import Summary
    from mnist_lab.runs import Measured


def plan(plan: "Plan") -> list[str]:
    """What is about to be trained, with what, and on what."""
    layout, parameters = fitted(*layer_table(plan.summary)), plan.summary.parameters
    layers = [layout.heading, layout.rule, *layout.rows, quantities.parameters(parameters.trainable, parameters.total)]
    return [heading(plan), counts(plan.material), *layers, *remarks(plan)]


def heading(plan: "Plan") -> str:
    """The run and where it computes: `mlp_512, seed 1: tensorflow on cpu, 2 threads`."""
    config, backend = plan.config, plan.backend
    threads = quantities.count(backend.threads, "thread")
    return f"{config.name}, seed {config.seed}: {backend.name} on {backend.device}, {threads}"


def remarks(plan: "Plan") -> list[str]:
    """What a reader should know before the first epoch."""
    text = []
    if plan.material.selected_on_test:
        text.append("The validation images are the test images: what is selected here is selected on the test set.")
    if plan.epochs_done:
        text.append(f"Resuming after epoch {plan.epochs_done} of {plan.config.train.epochs}.")
    return text


def counts(material: "Material") -> str:
    """The numbers of images: `MNIST: 48,000 training, 12,000 validation, 10,000 test images`."""
    if material.selected_on_test:
        validation = "no separate validation"
    elif material.validation is None:
        validation = "no validation"
    else:
        validation = f"{len(material.validation):,} validation"
    return (
        f"{material.dataset.title}: {len(material.train):,} training, {validation}, {len(material.test):,} test images"
    )


def layer_table(summary: "Summary") -> tuple[list[Column | str], list[tuple[str, ...]]]:
    """The layers, with type, output shape and parameters: columns and rows for `mnist_lab.text.tables`."""
    rows = [
        (layer.name, layer.type, " x ".join(map(str, layer.output_shape[1:])), f"{layer.parameters:,}")
        for layer in summary.layers
    ]
    return ["Layer", Column("Type", priority=MINOR), "Output shape", Column("Parameters", number=True)], rows


def epoch(record: "Record", epochs: int) -> str:
    """One epoch: `epoch 3/10  loss 0.0721  accuracy 0.9778  val_loss 0.0735  val_accuracy 0.9784  1.3 s`."""
    width = len(str(epochs))
    values = [f"{name} {value:.4f}" for name, value in figures(record).items()]
    return "  ".join([f"epoch {record['epoch']:>{width}}/{epochs}", *values, f"{record['seconds']:.1f} s"])


def figures(record: "Record") -> dict[str, float]:
    """What was measured in an epoch: loss and accuracy, and those of validation if there is one."""
    return {name: record[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy") if name in record}


def result(measured: "Measured") -> list[str]:
    """The test result and the observations."""
    test = measured.test
    low, high = test.ci95
    loss = "NaN" if test.loss is None else f"{test.loss:.4f}"
    return [
        f"test: loss {loss}  accuracy {test.accuracy:.4f} (95 % interval {low:.4f} to {high:.4f})  "
        f"{test.wrong:,} of {test.total:,} wrong",
        *(observation.text for observation in measured.observations),
    ]
