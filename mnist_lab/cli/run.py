"""`mnist-lab run`: train one or more configurations."""

from pathlib import Path
from typing import Any

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo, echo_error, print_json


@_options.command(
    short_help="Train a configuration and save plots, metrics and the model.",
    epilog=_options.examples(
        "mnist-lab run configs/mlp_512.yaml",
        "mnist-lab run mlp_512 --dataset digits --epochs 5",
        "mnist-lab run mlp_512 --set 'model.nodes=[256,128]' --set train.optimizer.learning_rate=3e-4",
    ),
)
@_options.config_argument
@_options.config
@_options.data_dir
@_options.results
@click.option("--force", is_flag=True, help="Retrain finished runs.")
@click.option("--quiet", is_flag=True, help="No progress; print one line per run.")
@_options.json
def run(
    references: tuple[str, ...],
    data_dir: Path | None,
    results: Path,
    *,
    force: bool,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Train one or more configurations.

    Plots, metrics and the trained model are saved in a run folder below --results. A finished run is shown, not
    retrained; an interrupted run resumes. CONFIG is a YAML file or the name of a configuration that ships with
    mnist-lab (see `mnist-lab configs`).
    """
    configs = _options.load_all(references, _options.overrides(**values))
    from mnist_lab import experiment
    from mnist_lab.cli._results import print_line, print_run
    from mnist_lab.config.problems import located
    from mnist_lab.errors import InputError, MnistLabError, TrainingError
    from mnist_lab.terminal.progress import observer_for

    finished, failures = [], []
    for reference, config in zip(references, configs, strict=True):
        try:
            with observer_for(quiet=quiet) as observer, located(reference):
                done = experiment.run(config, results=results, data_dir=data_dir, force=force, observer=observer)
        except MnistLabError as error:
            if len(configs) == 1:
                raise
            echo_error(f"Error: {config.name}: {error}")
            failures.append((str(config.name), error))
            continue
        finished.append(done)
        if not done.fresh and not quiet:
            echo("This run is already finished; its result follows. Use --force to retrain.", err=True)
        if not as_json:
            (print_line if quiet else print_run)(done)
    if as_json:
        print_json(finished[0].metrics if len(configs) == 1 else [done.metrics for done in finished])
    if failures:
        kind = InputError if any(isinstance(error, InputError) for _, error in failures) else TrainingError
        names = ", ".join(name for name, _ in failures)
        raise kind(f"{len(failures)} of {len(configs)} runs failed: {names}.")
