"""The report of a folder: collects and compares its runs, and writes the files."""

from collections.abc import Sequence
from pathlib import Path

from mnist_lab.errors import InputError
from mnist_lab.reports.runs import collect, groups
from mnist_lab.reports.study import Study, study
from mnist_lab.reports.write import write_page, write_report
from mnist_lab.runs import is_run_folder

DEFAULT = Path("results")


def report_on(
    folders: Sequence[Path], output: Path | None = None, data_dir: Path | None = None
) -> tuple[Study, list[Path]]:
    """Compare the finished runs in and below `folders`, and write the page, the report and its figures.

    Args:
        folders: none for `results`, which does not have to be there.
        output: the folder of the files; None for the first of `folders`.
        data_dir: where to look for the test images first.

    Returns:
        The comparison, and the paths of the files, the page first; none if there are no runs.

    Raises:
        InputError: a folder does not exist, or the files would go into a run's folder.
        NewerFormatError: a run was written by a newer mnist-lab.
    """
    first = next(iter(folders), DEFAULT)
    folder = output or first
    if is_run_folder(folder):
        raise InputError(
            f"{folder}: this is a run's folder; the files of a report have to go elsewhere.",
            "Name another folder with --output, or report on the folder that the run is in.",
        )
    found = collect(folders or ([DEFAULT] if DEFAULT.is_dir() else []))
    compared = study(first.resolve().name or "results", groups(found.runs), found.problems)
    if not found.runs:
        return compared, []
    return compared, [write_page(folder, compared, data_dir), *write_report(folder, compared, redraw=True)]
