"""Finished runs: `load_run`, `list_runs`, `report`, `compare`, `predict`, `evaluate`, `export`."""

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mnist_lab.api import arguments
from mnist_lab.api.arguments import AnyPath
from mnist_lab.api.errors import brief
from mnist_lab.errors import DataError

if TYPE_CHECKING:
    from mnist_lab import runs
    from mnist_lab.api.study import Study
    from mnist_lab.api.trained import Run
    from mnist_lab.exports.export import Exported
    from mnist_lab.exports.formats import Quantization
    from mnist_lab.prediction import Prediction, Preparation, Score


@brief
def load_run(run: AnyPath, *, results: AnyPath = "results") -> "Run":
    """Read a finished run.

    Args:
        run: its folder, its id, or the name of an experiment with a single run; ids and names are looked up in
            `results`.
        results: the results folder.

    Raises:
        InputError: there is none, there are several, or its files are damaged.
        NewerFormatError: it was written by a newer mnist-lab.
        TypeError: an argument has the wrong type.
    """
    reference, folder = str(arguments.path(run, "run")), arguments.path(results, "results")
    from mnist_lab import runs
    from mnist_lab.api.trained import Run

    return Run.of(runs.find_run(reference, folder))


@brief
def list_runs(
    results: AnyPath = "results",
    *,
    where: str | Iterable[str] = (),
    sort: str | Iterable[str] = (),
    limit: int | None = None,
) -> "list[Run]":
    """Return the finished runs in and below a folder; damaged ones are skipped with a warning.

    Args:
        results: the folder; it must exist, unless it is the default `results`.
        where: conditions such as `"test.accuracy>0.98"` or `"train.optimizer.name==adam"`; all must hold.
        sort: keys such as `"test.accuracy"`, or `"-test.accuracy"` for the highest first.
        limit: at most this many.

    Raises:
        InputError: no run has a key, a condition cannot be parsed, or there is no such folder.
        NewerFormatError: a run was written by a newer mnist-lab.
        TypeError: an argument has the wrong type.
    """
    folder = arguments.path(results, "results")
    conditions, keys = arguments.strings(where, "where"), arguments.strings(sort, "sort")
    arguments.number(limit, "limit")
    from mnist_lab import runs
    from mnist_lab.api.trained import Run
    from mnist_lab.reports.write import DEFAULT
    from mnist_lab.runs.query import Condition, Records

    if folder != DEFAULT:
        runs.check_folder(folder)
    found = runs.read_runs([folder]).complete()
    _warn(found.problems)
    records = Records(found.runs).where([Condition.parse(text) for text in conditions]).ordered(keys).first(limit)
    return [Run.of(run) for run in records.runs]


@brief
def report(*paths: AnyPath, output: AnyPath | None = None, data_dir: AnyPath | None = None) -> "Study":
    """Compare the finished runs in and below folders, and write `report.html`, `report.md` and the other files.

    Args:
        paths: the folders; by default `results`.
        output: the folder for the files; by default the first of `paths`.
        data_dir: where to look for the test images first.

    Raises:
        InputError: a folder does not exist, or the files would go into a run's folder.
        NewerFormatError: a run was written by a newer mnist-lab.
        TypeError: an argument has the wrong type.
    """
    folders = [arguments.path(path, "path") for path in paths]
    folder, data = arguments.path_or_none(output, "output"), arguments.path_or_none(data_dir, "data_dir")
    arguments.check_current_directory()
    from mnist_lab.api.study import Study
    from mnist_lab.reports import report_on

    study, files = report_on(folders, folder, data)
    _warn(study.problems)
    return Study.of(study, files)


@brief
def compare(
    base: "AnyPath | runs.Run",
    *others: "AnyPath | runs.Run",
    results: AnyPath = "results",
    output: AnyPath | None = None,
    data_dir: AnyPath | None = None,
) -> "Study":
    """Compare runs or experiments with a base, and write `compare.md`, `compare.json` and figures.

    Args:
        base: what the others are compared with: a run, its folder or id; or the name, folder or fingerprint of an
            experiment, for all its seeds.
        others: one or more of the same.
        results: the results folder, in which names are looked up.
        output: the folder for the files; by default one in `comparisons/` in `results`.
        data_dir: where to look for the test images first.

    Raises:
        InputError: a run does not exist, is ambiguous or damaged, or the runs were tested on different images.
        TypeError: an argument has the wrong type.
    """
    if not others:
        raise TypeError("compare: expected a base and one or more runs or experiments to compare with it")
    sides = [_side(one) for one in (base, *others)]
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    chosen = arguments.path_or_none(output, "output")
    from mnist_lab.api.study import Study
    from mnist_lab.reports import comparison_of

    comparison, files = comparison_of(sides, folder, chosen, data)
    _warn(comparison.problems, skipped=False)
    return Study.of_comparison(comparison, files)


@brief
def predict(
    run: "AnyPath | runs.Run",
    images: Any,
    *,
    prepare: "Preparation | None" = None,
    backend: str | None = None,
    device: str = "auto",
    results: AnyPath = "results",
    data_dir: AnyPath | None = None,
) -> "list[Prediction]":
    """Classify pictures with the trained network of a run.

    Args:
        run: as for `load_run`, or a run.
        images: the path of an image file, or an array (height, width) or (height, width, channels); or a list of these.
        prepare: `mnist` (crop to the ink and centre), `resize` or `none`; by default as for the run's data set.
        backend: by default that of Keras if it is already imported, else that of the run.
        device: `auto`, `cpu` or `gpu`.
        results: the results folder.
        data_dir: where to look for the data set first, if the run does not record its classes.

    Raises:
        InputError: there is no such run or picture, or the network cannot be loaded.
        TypeError: an argument has the wrong type.
    """
    arguments.one_of(prepare, (None, "mnist", "resize", "none"), "prepare")
    arguments.one_of(device, ("auto", "cpu", "gpu"), "device")
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    shown = [one if hasattr(one, "__array__") else arguments.path(one, "images") for one in arguments.several(images)]
    if not shown:
        return []
    from mnist_lab import prediction

    found = arguments.run_of(run, folder)
    network = prediction.Network(found, data, backend or arguments.imported_backend(), device)
    pictures, problems = prediction.read_pictures(shown, network.signature, prepare)
    if problems:
        raise DataError("\n".join(str(problem) for problem in problems))
    return network.predict(pictures)


@brief
def evaluate(
    run: "AnyPath | runs.Run",
    dataset: AnyPath,
    *,
    backend: str | None = None,
    device: str = "auto",
    results: AnyPath = "results",
    data_dir: AnyPath | None = None,
) -> "Score":
    """Score the trained network of a run on the test images of a data set, as `mnist-lab predict --dataset` does.

    Args:
        run: as for `load_run`, or a run.
        dataset: a name from `mnist-lab data list`, or a path; its images are resized and converted to greyscale as
            the run's were.
        backend: by default that of Keras if it is already imported, else that of the run.
        device: `auto`, `cpu` or `gpu`.
        results: the results folder.
        data_dir: where to look for data sets first.

    Raises:
        InputError: there is no such run or data set, its images or classes do not fit, or the network cannot be loaded.
        TypeError: an argument has the wrong type.
    """
    arguments.one_of(device, ("auto", "cpu", "gpu"), "device")
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    name = str(arguments.path(dataset, "dataset"))
    from mnist_lab.prediction import Network

    network = Network(arguments.run_of(run, folder), data, backend or arguments.imported_backend(), device)
    return network.score(network.dataset(name))


@brief
def export(
    run: "AnyPath | runs.Run | Sequence[AnyPath | runs.Run]",
    path: AnyPath | None = None,
    *,
    format: str,  # noqa: A002 - as on the command line
    quantize: "Quantization | None" = None,
    force: bool = False,
    results: AnyPath = "results",
    data_dir: AnyPath | None = None,
) -> "list[Exported]":
    """Write the trained network of a run in a format for use without mnist-lab, if it predicts what the run predicts.

    If Keras is already running on a backend other than TensorFlow, or on a GPU, a separate process does the export.

    Args:
        run: as for `load_run`, or a run; or a list of these.
        path: the file to write (for `saved_model` the folder), or a folder for several; by default in the current
            directory and named after the run.
        format: `onnx`, `litert`, `saved_model` or `html`.
        quantize: `int8` for 8-bit integers, in ONNX and LiteRT.
        force: replace what is there.
        results: the results folder.
        data_dir: where to look first for the data set, on whose test images the file is checked.

    Returns:
        For each file its `path`, `size` in bytes, `runs`, and their `agreements`.

    Raises:
        InputError: there is no such run, its model is damaged, a file exists, the format is not installed or cannot
            represent a layer, or the data set is not available.
        ExportError: the exported network does not predict what the run predicts; nothing was written.
        TypeError: an argument has the wrong type.
    """
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    output = arguments.path_or_none(path, "path")
    from mnist_lab.exports.export import plan

    found = [arguments.run_of(one, folder) for one in arguments.several(run)]
    planned = plan(found, format, output=output, quantize=quantize, force=force, data_dir=data)
    return [one.write() for one in planned]


def _side(given: Any) -> str:
    from mnist_lab import runs

    return str(given.folder.path if isinstance(given, runs.Run) else arguments.path(given, "run"))


def _warn(problems: Iterable[str], *, skipped: bool = True) -> None:
    for problem in problems:
        warnings.warn(f"Skipped: {problem}" if skipped else problem, stacklevel=4)
