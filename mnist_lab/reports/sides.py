"""The runs of a comparison: found by folder, name, id or fingerprint, and given distinct names."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mnist_lab.errors import InputError
from mnist_lab.reports.runs import Group, collect, groups, short_names
from mnist_lab.runs import Run, RunFolder, find_folders, finished_runs, formats, load_run

_SHOWN = 8
"""Digits of a fingerprint in a name."""


def find_sides(references: Sequence[str], results: Path) -> tuple[list[Group], list[str]]:
    """Return the runs that `references` stand for, in their order, and why other runs are not among them.

    A run's folder or its id stands for that run. An experiment's name or folder, or a fingerprint, stands for all its
    finished runs, which may differ only in seed and fold. Names are looked for below `results`. The groups have no
    base, and their names are distinct.

    Raises:
        InputError: there is no such run, one is ambiguous or damaged, or a run is in two sides.
    """
    found = [_side(reference, results) for reference in references]
    sides = [group for group, _ in found]
    _check_unlike(references, sides)
    return _named(sides), [problem for _, problems in found for problem in problems]


def find_results(references: Sequence[str], sides: Sequence[Group], results: Path) -> list[Group]:
    """Return the experiments of the results that the sides were chosen from.

    These are the results folders of their runs (the part of a run's path above its experiment), and `results` if a
    side was named by other than a folder, as names are looked up there.
    """
    roots = dict.fromkeys(root for side in sides if (root := _root(side.runs[0])))
    if not all(Path(reference).is_dir() for reference in references):
        roots[results] = None
    return groups(collect(roots).runs)


def _root(run: Run) -> Path | None:
    """Return the results folder of a run; None if the run is not in a folder named after its experiment."""
    parts = PurePosixPath(run.measured.run.experiment).parts
    *above, _ = run.folder.path.absolute().parts
    return Path(*above[: -len(parts)]) if tuple(above[-len(parts) :]) == parts else None


def _side(reference: str, results: Path) -> tuple[Group, Sequence[str]]:
    path = Path(reference)
    if RunFolder(path).begun:
        run = load_run(path)
        return _group(reference, groups([run])), tuple(run.problems)
    below = [] if formats.is_file(path) else finished_runs(path)
    collected = collect([folder.path for folder in below or _of_one_experiment(reference, results)])
    if not collected.runs:
        raise InputError("\n".join(collected.problems))
    return _group(reference, groups(collected.runs)), collected.problems


def _of_one_experiment(reference: str, results: Path) -> list[RunFolder]:
    folders = find_folders(reference, results)
    experiments = dict.fromkeys(folder.path.parent for folder in folders)
    if len(experiments) > 1:
        ids = {folder.id for folder in folders}
        several = [folder.path for folder in folders] if ids == {reference} else experiments
        listed = "".join(f"\n  {path}" for path in several)
        raise InputError(f"{reference}: {len(experiments)} experiments have runs of this name; choose one:{listed}")
    return folders


def _group(reference: str, found: Sequence[Group]) -> Group:
    if len(found) == 1:
        return found[0]
    if len({group.experiment for group in found}) > 1:
        names = "".join(f"\n  {group.experiment}" for group in found)
        raise InputError(
            f"{reference}: {len(found)} experiments have runs there; expected one:{names}",
            "`mnist-lab report` compares all runs of a folder.",
        )
    listed = "".join(
        f"\n  {group.fingerprint[:8]}  {', '.join(run.folder.id for run in group.runs)}" for group in found
    )
    raise InputError(
        f"{reference}: its runs have {len(found)} configurations; specify one by its fingerprint:{listed}",
    )


def _check_unlike(references: Sequence[str], sides: Sequence[Group]) -> None:
    owner: dict[Path, str] = {}
    for reference, side in zip(references, sides, strict=True):
        for run in side.runs:
            place = run.folder.path.resolve()
            if place in owner:
                again = "twice" if owner[place] == reference else f"as {owner[place]} and in {reference}"
                raise InputError(f"{run.folder.path}: this run is named {again}; a comparison needs different runs.")
            owner[place] = reference


def _named(sides: Sequence[Group]) -> list[Group]:
    ends = short_names(side.experiment for side in sides)
    return [
        replace(side, name=_name(side, ends[side.experiment], sides), base=None, changed="", is_base=False)
        for side in sides
    ]


def _name(group: Group, end: str, sides: Sequence[Group]) -> str:
    """Return the end of its experiment's name, if need be with a distinct seed or fingerprint; else its folder."""
    alike = [other for other in sides if other.experiment == group.experiment]
    if len(alike) == 1:
        return end
    if all(other.n == 1 for other in alike) and len({other.seeds for other in alike}) == len(alike):
        return f"{end} (seed {group.seeds[0]})"
    if len({other.fingerprint[:_SHOWN] for other in alike}) == len(alike):
        return f"{end} ({group.fingerprint[:_SHOWN]})"
    return str(group.runs[0].folder.path if group.n == 1 else group.runs[0].folder.path.parent)
