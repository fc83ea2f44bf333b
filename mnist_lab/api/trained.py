"""`Run`, a finished run for Python users: its numbers, model and plots."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from mnist_lab import runs
from mnist_lab.api import arguments
from mnist_lab.errors import InputError
from mnist_lab.runs import formats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plot = Literal["curves", "accuracy", "loss", "confusion"]


@dataclass(frozen=True, repr=False)
class Run(runs.Run):
    """A finished run.

    Its files are read on demand; one that is missing, damaged or unreadable raises an `InputError`.

    Attributes:
        folder: its `RunFolder`; `run.folder.path` is the path.
        metrics: the contents of `metrics.json`, as a dictionary; `measured` has them typed.
        fresh: whether it was just trained, rather than found finished.
    """

    @classmethod
    def of(cls, run: runs.Run) -> Self:
        """Return `run` as an instance of this class."""
        return cls(*(getattr(run, field.name) for field in fields(run)))

    def model(self, *, backend: str | None = None) -> Any:
        """Return the trained Keras model, from raw pixels (batch, height, width, channels) to probabilities.

        Args:
            backend: by default that of Keras if it is already imported, else that of the run.

        Raises:
            InputError: the saved model is missing or damaged, or a custom network with layers that are not Keras'.
        """
        from mnist_lab.prediction import Network

        return Network(self, backend=backend or arguments.imported_backend()).model

    def plot(self, kind: Plot = "curves") -> "Figure":
        """Return a Matplotlib figure, which a notebook displays.

        Args:
            kind: `curves` (accuracy and loss by epoch and within epochs), `accuracy`, `loss`, or `confusion`.

        Raises:
            InputError: a file that the plot needs is missing or damaged.
        """
        if kind not in get_args(Plot):
            raise InputError(f"plot: expected one of {', '.join(get_args(Plot))}, received {kind!r:.60}.")
        from mnist_lab import plots

        data, title = self.measured.dataset, self.measured.title
        if kind == "confusion":
            return plots.confusion(self.predictions.confusion(data.classes), data.names, title=title)
        said: dict[str, Any] = {"title": title, "validation_name": "test" if data.selected_on_test else "validation"}
        if kind == "curves":
            file = self.folder.path / "batches.npz"
            return plots.curves(self.history, formats.read_arrays(file) if file.is_file() else None, **said)
        best, test = self.measured.best, self.measured.test
        said |= {
            "reference": self.measured.published.model_dump(exclude_none=True),
            "best_epoch": best.epoch if best.restored else None,
        }
        if kind == "accuracy":
            return plots.accuracy(self.history, **said, test=test.accuracy)
        return plots.loss(self.history, **said, test=test.loss)

    def _repr_html_(self) -> str:
        from mnist_lab.notebook import run_html

        return run_html(self)
