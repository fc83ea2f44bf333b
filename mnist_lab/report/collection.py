"""The runs that a report is about, found on disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.errors import InputError, NewerFormatError
from mnist_lab.runs import Run, finished_runs, load_run


@dataclass(frozen=True)
class Collection:
    """Finished runs, and what kept others from being among them."""

    runs: tuple[Run, ...]
    problems: tuple[str, ...]


def collect(paths: Iterable[Path]) -> Collection:
    """The finished runs in and below `paths`.

    A damaged one is a problem and left out. Of two with the same experiment, configuration and seed (a copy, a
    repetition elsewhere) the first counts: the second is no further seed.

    Raises:
        InputError: a path does not exist.
        NewerFormatError: a run was written by a newer mnist-lab.
    """
    runs: dict[tuple[str, str, int], Run] = {}
    problems: list[str] = []
    seen: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            raise InputError(f"{path}: there is no such folder.", "`mnist-lab list` shows the runs.")
        for folder in finished_runs(path):
            if (place := folder.path.resolve()) in seen:
                continue
            seen.add(place)
            try:
                run = load_run(folder.path)
                facts = run.measured.run
            except NewerFormatError:
                raise
            except InputError as error:
                problems.append(error.message)
                continue
            first = runs.setdefault((facts.experiment, facts.fingerprint, facts.seed), run)
            if first is not run:
                problems.append(f"{folder.path}: the same run as {first.folder.path}, which counts.")
    return Collection(tuple(runs.values()), tuple(problems))
