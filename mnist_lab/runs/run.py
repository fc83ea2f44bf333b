"""A finished run, read from its folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.config import Config, load_config
from mnist_lab.config.names import composed
from mnist_lab.config.problems import suggest
from mnist_lab.errors import DamagedError, InputError, MissingError, NewerFormatError, UnreadableError
from mnist_lab.history import Record
from mnist_lab.runs import formats
from mnist_lab.runs.folder import MARKER, RunFolder
from mnist_lab.runs.formats import Mistake
from mnist_lab.runs.measured import FORMAT, RETRAIN, Measured
from mnist_lab.runs.search import search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def confusion_matrix(labels: "NDArray[Any]", predicted: "NDArray[Any]", classes: int) -> "NDArray[np.int64]":
    """Return the numbers of images (classes, classes): one row per true class, one column per predicted class."""
    import numpy as np

    pairs = labels.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True, eq=False)
class Predictions:
    """The saved model's predictions for the n test images."""

    rows: "NDArray[Any]"
    """The rows of the images in the test file (n,), from 0."""
    labels: "NDArray[Any]"
    """The true classes (n,)."""
    predicted: "NDArray[Any]"
    """The most probable classes (n,)."""
    probabilities: "NDArray[Any]"
    """The probabilities of all classes (n, classes), in float16."""

    def confusion(self, classes: int) -> "NDArray[Any]":
        """Return their `confusion_matrix`."""
        return confusion_matrix(self.labels, self.predicted, classes)

    def __repr__(self) -> str:
        return f"Predictions(of {len(self.labels):,} test images)"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Its files are read on demand; one that is missing, damaged or unreadable raises an `InputError`.
    """

    folder: RunFolder
    metrics: dict[str, Any]
    """The contents of `metrics.json`, unchanged."""
    fresh: bool = False
    """Whether it was just trained, rather than found finished."""
    asked: Config | None = None
    """The requested configuration of which this is the result, if it is not the run's own: it differs only in names."""

    def __repr__(self) -> str:
        run, accuracy = self.measured.run, self.measured.test.accuracy
        return f"Run({run.experiment} seed {run.seed}, test accuracy {accuracy:.4f}, {str(self.folder.path)!r})"

    @cached_property
    def config(self) -> Config:
        """The resolved configuration."""
        if self.asked:
            return self.asked
        try:
            return load_config(self.settings)  # five times as fast as the file, as positions are not kept
        except InputError:
            file = self.folder.path / "config.yaml"
            formats.check_file(file)
            return load_config(file)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The contents of `config.yaml`, not validated: fast enough for thousands of runs at a time."""
        return formats.read_yaml(self.folder.path / "config.yaml")

    @cached_property
    def measured(self) -> Measured:
        """The contents of `metrics.json`, as a model."""
        return Measured.of(self.metrics, self.folder.path / MARKER)

    def as_result_of(self, config: Config) -> "Run":
        """Return the run as the result of `config`, which means the same numbers under other names."""
        names = {"name": config.name, "experiment": config.experiment}
        reference = config.reference.model_dump(mode="json", exclude_none=True) if config.reference else None
        metrics = {**self.metrics, "run": {**self.metrics["run"], **names}, "reference": reference}
        return Run(self.folder, metrics, self.fresh, config)

    @cached_property
    def history(self) -> list[Record]:
        """One record per epoch; their number is checked against `metrics.json`."""
        history, epochs = self.folder.read_history(), self.measured.epochs
        if len(history) != epochs:
            file = self.folder.path / "history.jsonl"
            raise DamagedError(f"{file}: damaged (it has {len(history):,} epochs; metrics.json counts {epochs:,}).")
        return history

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """The test images that the saved model misclassifies; their number is checked against `metrics.json`."""
        file = self.folder.path / "mistakes.json"
        listed, counted, classes = formats.read_mistakes(file), self.measured.test.wrong, self.measured.dataset.classes
        if len({mistake.index for mistake in listed}) != counted:
            raise DamagedError(
                f"{file}: damaged (it lists {len(listed):,} wrong test images; metrics.json counts {counted:,})."
            )
        if any(max(mistake.label, mistake.predicted) >= classes for mistake in listed):
            raise DamagedError(f"{file}: damaged (it has a label of {classes} or more; there are {classes} classes).")
        return listed

    @cached_property
    def predictions(self) -> Predictions:
        """The saved model's predictions for every test image.

        Raises:
            InputError: the file is missing, damaged or unreadable, or an older version wrote it without labels.
        """
        file = self.folder.path / "predictions.npz"
        arrays = formats.read_arrays(file)
        if "probabilities" in arrays and "labels" not in arrays:
            raise MissingError(
                f"{file}: written by an older mnist-lab, which did not store labels.", "Retrain the run: force=True."
            )
        try:
            found = Predictions(**{name: arrays[name] for name in ("rows", "labels", "predicted", "probabilities")})
        except KeyError as error:
            raise DamagedError(f"{file}: damaged (there is no {error.args[0]}).") from None
        if {len(array) for array in vars(found).values()} != {self.measured.test.total}:
            raise DamagedError(f"{file}: damaged (metrics.json counts {self.measured.test.total:,} test images).")
        return found

    @property
    def problems(self) -> Iterator[str]:
        """Problems of the files beside `metrics.json`; a missing file is not a problem."""
        for read in (lambda: self.history, lambda: self.mistakes, self.folder.read_environment):
            try:
                read()
            except (DamagedError, UnreadableError) as error:
                yield error.message
            except MissingError:
                continue


def load_run(path: str | Path) -> Run:
    """Read the finished run in the folder at `path`.

    Raises:
        InputError: there is no such folder, or the run in it is not finished.
        DamagedError: its metrics are invalid.
        UnreadableError: its metrics cannot be read at the moment.
        NewerFormatError: it was written by a newer mnist-lab.
    """
    folder = RunFolder(Path(path))
    try:
        metrics = formats.read_json(folder.path / MARKER)
    except MissingError:
        if not formats.is_folder(folder.path):
            raise InputError(f"{path}: no such run folder.", "`mnist-lab list` shows the runs.") from None
        raise InputError(
            f"{path}: not a finished run (no {MARKER}).", "To resume it, repeat the command that started it."
        ) from None
    except DamagedError as error:
        raise DamagedError(error.message, RETRAIN) from None
    if not isinstance(metrics, dict) or not isinstance(metrics.get("format"), int):
        raise DamagedError(f"{path}/{MARKER}: damaged (not the metrics of a run).", RETRAIN)
    if metrics["format"] > FORMAT:
        raise NewerFormatError.of(path, metrics["format"], FORMAT)
    run = Run(folder, metrics)
    run.measured  # noqa: B018 - raises if a number is missing
    return run


def find_run(reference: str, results: Path) -> Run:
    """Return the finished run that `reference` means: a folder, a run's id, or an experiment with a single run.

    Raises:
        InputError: there is none, or there are several.
    """
    if RunFolder(Path(reference)).begun:
        return load_run(reference)
    return load_run(find_folder(reference, results).path)


def find_folder(reference: str, results: Path) -> RunFolder:
    """Return the folder of the finished run in `results` with this id, or the only one of this experiment.

    Raises:
        InputError: there is none, or there are several.
    """
    found = find_folders(reference, results)
    if len(found) == 1:
        return found[0]
    several = "".join(f"\n  {run.path}" for run in found)
    raise InputError(f"{reference}: {len(found)} runs match; specify one of their folders:{several}")


def find_folders(reference: str, results: Path) -> list[RunFolder]:
    """Return the folders of the finished runs in `results` with this id, experiment or fingerprint.

    `experiment/id` distinguishes a run from others with the same id. Experiments may be in subfolders, such as
    `results/published`; one that is not takes precedence.

    Raises:
        InputError: there is none, or `results` is the folder of a run.
    """
    unreadable: list[UnreadableError] = []
    runs = search(results, unreadable.append).finished
    if RunFolder(results) in runs:
        raise InputError(
            f"{results}: this is a run's folder; expected a results folder.",
            "Pass the results folder with --results, or give this folder as RUN.",
        )
    reference = composed(reference)
    experiments = {run: composed(run.path.parent.relative_to(results).as_posix()) for run in runs}
    places = {run: f"{experiment}/{run.id}" for run, experiment in experiments.items()}
    paths = {run: composed(run.path.as_posix()) for run in runs}
    ways: list[Callable[[RunFolder], bool]] = [
        lambda run: run.id == reference,
        lambda run: experiments[run] == reference,
        lambda run: experiments[run].endswith(f"/{reference}"),
        lambda run: places[run] == reference,
        lambda run: places[run].endswith(f"/{reference}"),
        lambda run: run.id.rpartition("-")[2] == reference,
        lambda run: reference.rstrip("/") in (paths[run], paths[run].removesuffix(f"/{run.id}")),
    ]
    found = next((some for way in ways if (some := list(filter(way, runs)))), [])
    if not found:
        names = {
            name
            for run, experiment in experiments.items()
            for name in (run.id, paths[run], experiment, experiment.rpartition("/")[2])
        }
        unseen = "".join(f"\n{error.message}" for error in unreadable)
        what = (
            f"not a run; expected a run folder, a run id or an experiment below {results}"
            if formats.is_folder(Path(reference))
            else f"no finished run below {results} has this folder, id or experiment"
        )
        raise InputError(
            f"{reference}: {what}{suggest(reference, sorted(names))}.{unseen}",
            f"`mnist-lab list {results}` shows the runs.",
        )
    return found
