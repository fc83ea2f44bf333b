"""The runs that a report is about, found on disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.errors import InputError
from mnist_lab.runs import Run, read_runs


@dataclass(frozen=True)
class Collection:
    """Finished runs, and what is missing: runs that are skipped, and files of runs that cannot be used."""

    runs: tuple[Run, ...]
    problems: tuple[str, ...]


def collect(paths: Iterable[Path]) -> Collection:
    """The finished runs in and below `paths`, as `read_runs` reads them.

    Of two with the same experiment, configuration and seed (a copy, a repetition elsewhere) the first counts: the
    second is no further seed.

    Raises:
        InputError: a path does not exist.
        NewerFormatError: a run was written by a newer mnist-lab.
    """
    paths = list(paths)
    for path in paths:
        if not path.is_dir():
            raise InputError(f"{path}: there is no such folder.", "`mnist-lab list` shows the runs.")
    found = read_runs(paths).complete()
    problems = list(found.problems)
    runs: dict[tuple[str, str, int], Run] = {}
    for run in found.runs:
        facts = run.measured.run
        first = runs.setdefault((facts.experiment, facts.fingerprint, facts.seed), run)
        if first is run:
            problems += run.problems
        else:
            problems.append(f"{run.folder.path}: the same run as {first.folder.path}, which counts.")
    return Collection(tuple(runs.values()), tuple(problems))
