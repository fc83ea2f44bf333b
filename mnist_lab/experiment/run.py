"""From a configuration to a finished run folder."""

import errno
import json
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab import backends, datasets
from mnist_lab.config import Config, fingerprint, to_yaml
from mnist_lab.errors import InputError, MnistLabError, SetupError, TrainingError
from mnist_lab.experiment import metrics
from mnist_lab.experiment.material import Material, prepare
from mnist_lab.experiment.observer import LogFile, Observer, Observers, Plan
from mnist_lab.experiment.source import git_state
from mnist_lab.runs import Run, RunFolder, load_run

if TYPE_CHECKING:
    from mnist_lab.training import Trainer

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class _Subject:
    """What is run: the settled configuration, its images and its folder."""

    config: Config
    material: Material
    folder: RunFolder
    results: Path
    fingerprint: str
    started: datetime
    clock: float


def run(
    config: Config,
    *,
    results: str | Path = "results",
    data_dir: Path | None = None,
    force: bool = False,
    observer: Observer | None = None,
) -> Run:
    """Train one configuration and write its run folder; a finished one is shown as it is, an interrupted one goes on.

    Args:
        config: as `load_config` gives it.
        results: the folder below which the run's own folder is.
        data_dir: where to look for the data set first.
        force: train again even if the run is finished.
        observer: is told what happens.

    Raises:
        InputError: the configuration, the data or the machine cannot be used; nothing is written.
        TrainingError: the loss became NaN; what there is stays in the folder.
        KeyboardInterrupt: passed on; the epochs that were finished stay, and the next call goes on from there.
    """
    subject = _settle(config, Path(results), data_dir, observer or Observer())
    folder = subject.folder
    if folder.finished and not force:
        return load_run(folder.path)
    with folder.locked(), _tidied(subject):
        observers = Observers([LogFile(folder.path / "log.txt"), *([observer] if observer else [])])
        return _train(subject, observers, resume=folder.interrupted and not force)


def _settle(config: Config, results: Path, data_dir: Path | None, observer: Observer) -> _Subject:
    """Decide all that the run's identity depends on; Keras is not needed for it."""
    clock, started = time.perf_counter(), datetime.now(UTC)
    backend = backends.choose(config.runtime.backend)
    observer.preparing("Reading the data")
    dataset = datasets.load(config.data.dataset, data_dir, progress=observer.download)
    for note in dataset.notes:
        observer.note(note)
    path = Path(config.data.dataset)
    data = config.data if dataset.name == config.data.dataset else _with(config.data, dataset=str(path.resolve()))
    threads = min(config.runtime.threads or backends.available_threads(), backends.available_threads())
    runtime = _with(config.runtime, backend=backend, threads=threads)
    config = _with(config, data=data, runtime=runtime)
    mark = fingerprint(config, dataset_sha256=dataset.sha256, backend=backend)
    folder = RunFolder.of(results, str(config.experiment), config.seed, mark)
    return _Subject(config, prepare(config, dataset), folder, results, mark, started, clock)


def _train(subject: _Subject, observer: Observer, *, resume: bool) -> Run:
    config, folder, material = subject.config, subject.folder, subject.material
    checkpoint = _checkpoint(folder, observer) if resume else None
    observer.preparing("Importing Keras")
    runtime = config.runtime
    backend = backends.start(str(runtime.backend), device=runtime.device, threads=runtime.threads)
    from mnist_lab import analysis, augmentation, models, training
    from mnist_lab.experiment import pictures

    model = _build(config, material)
    trainer = training.Trainer(
        model,
        augmentation=augmentation.layers(config.augment, seed=config.seed),
        images=material.train.images,
        labels=material.train.labels,
        validation=material.validation.pair if material.validation else None,
        train=config.train,
        runtime=runtime,
        seed=config.seed,
    )
    summary = models.summarize(model)
    environment = backends.describe(backend) | {
        "jit_compile": trainer.jit_compile,
        "steps_per_execution": trainer.steps_per_execution,
        **git_state(),
    }
    if checkpoint:
        trainer.restore(*checkpoint)
    else:
        folder.begin()
    folder.write_history(trainer.history)
    folder.write_text("config.yaml", to_yaml(config))
    folder.write_json("environment.json", environment)
    startup = time.perf_counter() - subject.clock
    observer.begun(Plan(config, folder, material, summary, backend, len(trainer.history)))
    for record in trainer.epochs(observer.batch):
        folder.append_history(record)
        observer.epoch(record, config.train.epochs)
        if not isfinite(record["loss"]):
            pictures.draw_history(folder, config, material, trainer.history, trainer.batches)
            raise TrainingError(
                f"The loss became {record['loss']} in epoch {record['epoch']}; training stopped there.",
                f"Try a smaller learning rate or gradient clipping. What there is, is in {folder.path}.",
            )
        if record["epoch"] < config.train.epochs:
            folder.write_arrays("checkpoint.npz", _with_history(trainer))

    observer.preparing("Testing, drawing, saving")
    last = training.evaluate(model, *material.test.pair)
    saved_epoch = trainer.finish()
    restored = config.train.restore_best or config.train.optimizer.use_ema
    test = training.evaluate(model, *material.test.pair) if restored else last
    model.save(folder.path / "model.keras")
    folder.write_arrays("batches.npz", trainer.batches.arrays())
    folder.write_arrays("predictions.npz", {"probabilities": test.probabilities.astype("float16")}, compressed=True)
    folder.write_json("mistakes.json", metrics.mistakes(test, material.test.rows))
    best_epoch = saved_epoch if config.train.restore_best else None
    pictures.draw_history(folder, config, material, trainer.history, trainer.batches, test, best_epoch)
    pictures.draw_test(folder, config, material, test)
    observations = analysis.observe(
        trainer.history,
        test_accuracy=test.accuracy,
        test_interval=analysis.wilson(test.correct, test.total),
        reference=metrics.published(config),
        monitor=config.train.restore_best or "val_loss",
        validation_name=material.validation_name,
        validation_rows=len(material.validation) if material.validation else None,
        classes=len(material.dataset.classes),
        understated=_learns_handicapped(config),
    )
    facts = metrics.assemble(
        config=config,
        run={
            "name": config.name,
            "experiment": config.experiment,
            "id": folder.id,
            "fingerprint": subject.fingerprint,
            "seed": config.seed,
            "started": subject.started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        material=material,
        parameters=summary.parameters,
        history=trainer.history,
        test=test,
        last_test_accuracy=last.accuracy,
        saved_epoch=saved_epoch,
        seconds=metrics.seconds_facts(trainer.history, total=time.perf_counter() - subject.clock, startup=startup),
        environment=environment,
        observations=observations,
    )
    for observation in observations:
        observer.note(observation.text)
    (folder.path / "checkpoint.npz").unlink(missing_ok=True)
    folder.write_json("metrics.json", facts)
    return Run(folder, folder.read_json("metrics.json"), fresh=True)


def _build(config: Config, material: Material) -> Any:
    """The model, its random weights drawn from the configuration's seed."""
    import keras

    from mnist_lab import models

    keras.utils.set_random_seed(config.seed)
    return models.build(
        config.model,
        input_shape=material.dataset.image_shape,
        classes=len(material.dataset.classes),
        preprocess=config.data.preprocess,
        precision=config.train.precision,
        name=str(config.name),
    )


def _learns_handicapped(config: Config) -> bool:
    """Whether the running training accuracy is measured under dropout or augmentation, and so too low."""
    return bool(config.augment) or any("dropout" in layer.key for layer in config.model.layers)


def _with_history(trainer: "Trainer") -> dict[str, Any]:
    """The trainer's state and the history that belongs to it, in one file, so that they cannot disagree."""
    import numpy as np

    return trainer.state() | {"history": np.array(json.dumps(trainer.history))}


def _checkpoint(folder: RunFolder, observer: Observer) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    try:
        state = folder.read_arrays("checkpoint.npz")
        return state, json.loads(str(state.pop("history")))
    except (InputError, KeyError, ValueError) as error:
        observer.note(f"The checkpoint cannot be used, training begins anew: {error}")
        return None


@contextmanager
def _tidied(subject: _Subject) -> Iterator[None]:
    """Leave a folder only where there is something to keep, and say in it why a run did not end well."""
    folder = subject.folder
    try:
        yield
    except BaseException as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            _discard_if_empty(subject)
            raise SetupError(
                f"{folder.path}: cannot be written ({error.strerror}).",
                "Make room, or choose another folder with --results; the same command goes on where this one stopped.",
            ) from error
        if isinstance(error, InputError | KeyboardInterrupt):
            _discard_if_empty(subject)
        elif isinstance(error, MnistLabError):
            folder.write_text("error.txt", f"{error}\n")
            (folder.path / "checkpoint.npz").unlink(missing_ok=True)
        else:
            text = traceback.format_exc()
            folder.write_text("error.txt", text)
            LogFile(folder.path / "log.txt").note(text)
        raise


def _discard_if_empty(subject: _Subject) -> None:
    folder = subject.folder
    if not folder.finished and not folder.interrupted:
        folder.discard(subject.results)


def _with(spec: Any, **changes: Any) -> Any:
    return spec.model_copy(update=changes)
