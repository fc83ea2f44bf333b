"""A finished run, read from its folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mnist_lab.config import Config, load_config
from mnist_lab.errors import InputError, NewerFormatError
from mnist_lab.runs.folder import FORMAT, RunFolder, finished_runs


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: RunFolder
    metrics: dict[str, Any]
    """What `metrics.json` says."""
    fresh: bool = False
    """Whether it was trained just now, not found finished."""

    @cached_property
    def config(self) -> Config:
        """The resolved configuration."""
        return load_config(self.folder.path / "config.yaml")

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """A record per epoch."""
        return self.folder.read_history()


def load_run(path: str | Path) -> Run:
    """Read the finished run in the folder at `path`.

    Raises:
        InputError: there is no such folder, the run in it is not finished, or its files are damaged.
        NewerFormatError: this mnist-lab cannot read it.
    """
    folder = RunFolder(Path(path))
    if not folder.path.is_dir():
        raise InputError(f"{path}: there is no such run folder.", "`mnist-lab list` shows the runs.")
    if not folder.finished:
        raise InputError(
            f"{path}: no finished run: there is no metrics.json.", "The command that began it goes on with it."
        )
    metrics = folder.read_json("metrics.json")
    if not isinstance(metrics, dict) or not isinstance(metrics.get("format"), int):
        raise InputError(f"{path}/metrics.json: not the metrics of a run.")
    if metrics["format"] > FORMAT:
        raise NewerFormatError(
            f"{path}: written by a newer mnist-lab (format {metrics['format']}; this one reads up to {FORMAT}).",
            "Update mnist-lab.",
        )
    return Run(folder, metrics)


def find_run(reference: str, results: Path) -> Run:
    """The finished run that `reference` means: a folder, a run's id, or an experiment that has one run.

    Raises:
        InputError: there is none, or there are several.
    """
    if any((Path(reference) / name).is_file() for name in ("metrics.json", "config.yaml")):
        return load_run(reference)
    runs = finished_runs(results)
    found = [run for run in runs if run.id == reference]
    found = found or [run for run in runs if run.path.parent.relative_to(results).as_posix() == reference]
    if len(found) == 1:
        return load_run(found[0].path)
    if found:
        several = "".join(f"\n  {run.path}" for run in found)
        raise InputError(f"{reference}: {len(found)} runs are called that; name one folder:{several}")
    raise InputError(
        f"{reference}: no finished run of that folder, id or experiment below {results}.",
        "`mnist-lab list` shows the runs.",
    )
