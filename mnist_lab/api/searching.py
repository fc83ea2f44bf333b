"""Searching for a good configuration: `tune`, and `Found`, its result."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from mnist_lab.api import arguments
from mnist_lab.api.arguments import AnyPath
from mnist_lab.api.errors import brief
from mnist_lab.api.guard import check_guard
from mnist_lab.errors import TrainingError
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    import pandas

    from mnist_lab import search
    from mnist_lab.api.study import Study
    from mnist_lab.api.training import Changes
    from mnist_lab.config import Config
    from mnist_lab.search import Search


@dataclass(eq=False, repr=False)
class Found:
    """The result of a search.

    Attributes:
        record: the contents of `search.json`.
        best: the configuration of the best trial, to be passed to `run`.
        study: the comparison of the best trials with the base on the test images, over new seeds; None if nothing was
            confirmed.
        files: the files that were written.
    """

    record: "Search"
    best: "Config"
    study: "Study | None"
    files: tuple[Path, ...]

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings, in sentences: the best trial, the verdict on it, and how many trials there were."""
        from mnist_lab.search.presentation import wording

        sentences = (wording.outcome, wording.confirmed, wording.optimism, wording.tried, wording.progress)
        return tuple(text for sentence in sentences if (text := sentence(self.record)))

    def table(self) -> list[dict[str, Any]]:
        """Return one row per trial: its number, state and values, its validation results, its size and its training.

        Refused and failed trials have a `reason`.
        """
        names = [each.name for each in self.record.space]
        return [
            {
                "trial": trial.number,
                "state": trial.state,
                **{name: trial.values.get(name) for name in names},
                "val_accuracy": trial.measured("val_accuracy"),
                "val_loss": trial.measured("val_loss"),
                "parameters": trial.parameters,
                "multiply_adds": trial.multiply_adds,
                "epochs": trial.epochs,
                "seconds": trial.seconds,
                "reason": trial.reason,
            }
            for trial in self.record.trials
        ]

    def frame(self) -> "pandas.DataFrame":
        """Return `table()` as a pandas data frame.

        Raises:
            SetupError: pandas is not installed.
        """
        from mnist_lab.api.study import frame_of

        return frame_of(self.table())

    @override
    def __repr__(self) -> str:
        record, trial = self.record, self.record.best_trial
        best = f", best trial {trial.number} with {record.watched.measure} {record.value(trial)}" if trial else ""
        front = f", {len(record.front)} on the Pareto front" if record.front else ""
        return f"Found({record.name}: {count(len(record.trials), 'trial')}{best}{front})"

    def _repr_html_(self) -> str:
        from mnist_lab.notebook import search_html

        return search_html(self.record, self.findings, self.files)


@brief
def tune(
    reference: AnyPath,
    *,
    set: "Changes" = (),  # noqa: A002 - as on the command line
    dataset: AnyPath | None = None,
    subset: int | None = None,
    test_subset: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    backend: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    name: str | None = None,
    results: AnyPath = "results",
    data_dir: AnyPath | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    wait: bool = False,
    progress: bool = True,
    observer: "search.Observer | None" = None,
) -> Found:
    """Search for a good configuration as a search file declares it, and confirm the best with new seeds.

    The same call continues a search that was stopped, or whose budget was increased. Trials are processes, so a script
    that calls this needs `if __name__ == "__main__":`, as always with multiprocessing; a notebook does not.

    Args:
        reference: a search file, or the name of one that ships with mnist-lab.
        set: values that replace those of the base; as for `load_config`.
        dataset, subset, test_subset, backend, device, threads: short forms of settings, as for `run`.
        epochs: the number of epochs of a trial that is trained to the end.
        seed: the seed of the search.
        name: the name of the search; its files go to `results/<name>/`.
        jobs: the number of parallel trials; None chooses it for this machine. With 1, the search is reproducible.
        cluster: where to train instead: the address or the scheduler file of a Dask cluster, `local` or `local:N`.
        wait: wait for the workers of the cluster.
        results, data_dir, progress, observer: as for `sweep`.

    Raises:
        InputError: an argument or the file is invalid, and nothing was trained; or no trial was within the limits, or
            had a result within the time budget.
        BusyError: another process runs this search.
        TrainingError: the first trials all failed, no trial has a result, or runs of the confirmation failed.
        TypeError: an argument has the wrong type.
        KeyboardInterrupt: the search was stopped; the same call continues it.
    """
    file = arguments.path(reference, "reference")
    folder, data = arguments.path(results, "results"), arguments.path_or_none(data_dir, "data_dir")
    arguments.optional(name, str, "name", "text")
    arguments.optional(cluster, str, "cluster", "text")
    arguments.number(jobs, "jobs")
    changes = arguments.overrides(
        set, dataset=dataset, subset=subset, test_subset=test_subset, epochs=epochs, seed=seed, backend=backend,
        device=device, threads=threads,
    )  # fmt: skip
    check_guard("search")
    from mnist_lab import search
    from mnist_lab.api.study import Study
    from mnist_lab.config import load_config
    from mnist_lab.config.searches import load_search
    from mnist_lab.notebook import search_progress

    arguments.optional(observer, search.Observer, "observer", "an Observer")
    declared = load_search(file, changes, name=name)
    with search_progress(observer, shown=progress) as reporter:
        tuned = search.tune(
            declared, folder, data_dir=data, jobs=jobs, cluster=cluster, wait=wait, observer=reporter
        )  # fmt: skip
    if tuned.failures:
        reasons = "\n".join(f"  {run.label}: {reason}" for run, reason in tuned.failures)
        raise TrainingError(f"{count(len(tuned.failures), 'run')} of the confirmation failed:\n{reasons}")
    best = load_config(next(file for file in tuned.files if file.name == search.BEST))
    study = Study.of(tuned.study, tuned.files) if tuned.study else None
    return Found(tuned.record, best, study, tuned.files)
