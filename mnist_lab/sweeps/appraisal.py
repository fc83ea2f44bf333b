"""What the runs of a plan will cost: parameters, time, disk.

The networks are built in a process forked from the same server as the runs, so that a network that cannot be built is
found before the first epoch of any. Time is taken from finished runs of the same configuration; where there are none,
from a short timing of the costliest run, in proportion to the arithmetic.
"""

import math
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from pebble import ProcessExpired

from mnist_lab import backends, datasets
from mnist_lab.config import Config
from mnist_lab.config.problems import told_of
from mnist_lab.errors import TrainingError
from mnist_lab.executors import Slot
from mnist_lab.experiment import Material, Part, make_trainer, prepare
from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.server import executor_for

OVERHEAD = 2.5
"""Seconds of a run beyond its training: building, compiling, testing, drawing."""
FILES = 700_000
"""Bytes of a run folder beside the model: plots, predictions, mistakes."""
TIMED_STEPS = 20


@dataclass(frozen=True)
class Appraisal:
    """What one run will cost."""

    parameters: int
    seconds: float
    bytes: int


@dataclass(frozen=True)
class _Work:
    """The size of one run's training."""

    parameters: int
    flops_per_step: int
    steps: int
    """Steps of all epochs."""


def appraise(todo: Sequence[PlannedRun], slot: Slot, *, data_dir: Path | None = None) -> dict[PlannedRun, Appraisal]:
    """Appraise the runs of `todo`, whose processes will have a `slot` like this each.

    Raises:
        InputError: a network cannot be built, or does not fit its images.
    """
    runtime = todo[0].identity.config.runtime
    different = {run.identity.fingerprint: run for run in todo}
    executor = executor_for(todo[0], [slot])
    try:
        sources = [
            (run.source, run.identity.config.model_copy(update={"runtime": runtime})) for run in different.values()
        ]
        untimed = [run.seconds is None for run in different.values()]
        works, seconds_per_flop = executor.submit(measure, sources, untimed, data_dir).result()
    except (ProcessExpired, BrokenProcessPool) as error:
        raise TrainingError("The process that builds the networks died; out of memory, or killed.") from error
    finally:
        executor.shutdown(cancel_futures=True)
    size = dict(zip(different, works, strict=True))
    return {run: _appraisal(run, size[run.identity.fingerprint], seconds_per_flop) for run in todo}


def _appraisal(run: PlannedRun, work: _Work, seconds_per_flop: float) -> Appraisal:
    trained = work.steps * work.flops_per_step * seconds_per_flop
    return Appraisal(work.parameters, run.seconds or OVERHEAD + trained, 4 * work.parameters + FILES)


def measure(
    sources: Sequence[tuple[str, Config]], untimed: Sequence[bool], data_dir: Path | None
) -> tuple[list[_Work], float]:
    """Build every network; time a few steps of the costliest `untimed` one. Gives its seconds a FLOP too.

    Runs in a process that has Keras. Errors name the configuration by its source.
    """
    from mnist_lab import models

    configs = [config for _, config in sources]
    runtime = configs[0].runtime
    backends.start(str(runtime.backend), device=runtime.device)
    loaded = {name: datasets.load(name, data_dir) for name in {config.data.dataset for config in configs}}
    works = []
    for source, config in sources:
        with told_of(source):
            material = prepare(config, loaded[config.data.dataset])  # not kept: it is a copy of the images
            summary = models.summarize(make_trainer(config, material).model)
        batch = config.train.batch_size
        steps = config.train.epochs * math.ceil(len(material.train) / batch)
        works.append(_Work(summary.parameters.total, 6 * summary.multiply_adds * batch, steps))
    costs = [work.flops_per_step * work.steps if timed else 0 for work, timed in zip(works, untimed, strict=True)]
    costliest = costs.index(max(costs))
    if not costs[costliest]:
        return works, 0.0
    config = configs[costliest]
    seconds = _seconds_per_step(config, prepare(config, loaded[config.data.dataset]))
    return works, seconds / works[costliest].flops_per_step


def _seconds_per_step(config: Config, material: Material) -> float:
    """The second of two short epochs; the first also compiles."""
    rows = slice(0, TIMED_STEPS * config.train.batch_size)
    part = material.train
    few = replace(material, train=Part(part.images[rows], part.labels[rows], part.rows[rows]), validation=None)
    plain = {"epochs": 2, "restore_best": None, "early_stopping": None, "schedule": ()}
    config = config.model_copy(update={"train": config.train.model_copy(update=plain)})
    *_, last = make_trainer(config, few).epochs()
    return last["seconds"] / math.ceil(len(few.train) / config.train.batch_size)
