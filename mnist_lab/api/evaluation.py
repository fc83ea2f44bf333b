"""The accuracy of a trained network on any data set: `evaluate`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_lab.api import arguments
from mnist_lab.api.arguments import AnyPath
from mnist_lab.api.errors import brief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_lab import runs


@dataclass(frozen=True, eq=False)
class Score:
    """How a network does on the test images of a data set."""

    dataset: str
    """Its title."""
    same_dataset: bool
    """Whether it is the one that the network was trained on."""
    accuracy: float
    loss: float
    """Mean cross-entropy, in nats."""
    correct: int
    wrong: int
    total: int
    ci95: tuple[float, float]
    """Wilson's 95 % confidence interval of the accuracy."""
    classes: tuple[str, ...]
    """The names of the k classes, in the data set; they are matched with those of the network by their position."""
    confusion: "NDArray[Any]"
    """(k, k) images: a row per true class, a column per predicted one."""

    def __repr__(self) -> str:
        return f"Score({self.dataset}: accuracy {self.accuracy:.4f}, {self.wrong:,} of {self.total:,} wrong)"


@brief
def evaluate(
    run: "AnyPath | runs.Run",
    dataset: AnyPath,
    *,
    backend: str | None = None,
    device: str = "auto",
    results: AnyPath = "results",
    data_dir: AnyPath | None = None,
) -> Score:
    """Score the trained network of a run on the test images of a data set, as `mnist-lab predict --dataset` does.

    Args:
        run: as of `load_run`, or a run.
        dataset: a name of `mnist-lab data list`, or a path; its images are resized and made grey as the run's were.
        backend: by default that of Keras if it is imported already, else that of the run.
        device: `auto`, `cpu` or `gpu`.
        results: the folder below which runs are.
        data_dir: where to look for data sets first.

    Raises:
        InputError: there is no such run or data set, its images or classes do not fit, or the network cannot be loaded.
        TypeError: an argument has the wrong type.
    """
    arguments.one_of(device, ("auto", "cpu", "gpu"), "device")
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    name = str(arguments.path(dataset, "dataset"))
    from mnist_lab import prediction
    from mnist_lab.analysis import wilson

    found = arguments.run_of(run, folder)
    prediction.check_model(found)
    signature = prediction.signature_of(found, data)
    loaded = prediction.load_fitting(found, name, signature, data)
    chosen = backend or arguments.imported_backend()
    score = prediction.load_network(found, signature, backend=chosen, device=device).score(loaded)
    return Score(
        dataset=loaded.title,
        same_dataset=loaded.sha256 == found.measured.dataset.sha256,
        accuracy=score.accuracy,
        loss=score.loss,
        correct=score.correct,
        wrong=score.total - score.correct,
        total=score.total,
        ci95=wilson(score.correct, score.total),
        classes=loaded.classes,
        confusion=score.confusion(),
    )
