"""The end of a run: test, plots, saved model, and `metrics.json` last of all."""

from datetime import UTC, datetime
from typing import Any

from mnist_lab import analysis, training
from mnist_lab.experiment import metrics, pictures
from mnist_lab.experiment.identity import Identity
from mnist_lab.experiment.material import Material
from mnist_lab.experiment.observer import Observer
from mnist_lab.models import Summary
from mnist_lab.runs import Run


def conclude(
    identity: Identity,
    material: Material,
    trainer: training.Trainer,
    *,
    summary: Summary,
    environment: dict[str, Any],
    timing: metrics.Timing,
    observer: Observer,
) -> Run:
    """Test the trained model, write all files that are still missing, and mark the run as finished."""
    config, folder, history = identity.config, identity.folder, trainer.history
    observer.preparing("Testing, drawing, saving")
    trainer.average()
    last = training.evaluate(trainer.model, *material.test.pair)
    saved_epoch = trainer.restore_best()
    test = last if saved_epoch == len(history) else training.evaluate(trainer.model, *material.test.pair)

    with folder.replacing("model.keras") as part:
        trainer.model.save(part)
    folder.write_arrays("batches.npz", trainer.batches.arrays())
    folder.write_arrays("predictions.npz", {"probabilities": test.probabilities.astype("float16")}, compressed=True)
    folder.write_json("mistakes.json", metrics.mistakes(test, material.test.rows))
    best_epoch = saved_epoch if config.train.restore_best else None
    pictures.draw_history(folder, config, material, history, trainer.batches, test, best_epoch)
    pictures.draw_test(folder, config, material, test)

    observations = analysis.observe(
        history,
        test_accuracy=test.accuracy,
        test_interval=analysis.wilson(test.correct, test.total),
        reference=metrics.published(config),
        monitor=config.train.restore_best or "val_loss",
        validation_name=material.validation_name,
        validation_rows=len(material.validation) if material.validation else None,
        classes=len(material.dataset.classes),
        understated=_learns_handicapped(identity),
    )
    facts = metrics.assemble(
        config=config,
        run={
            "name": config.name,
            "experiment": config.experiment,
            "id": folder.id,
            "fingerprint": identity.fingerprint,
            "seed": config.seed,
            "started": timing.started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        material=material,
        notes=identity.notes,
        summary=summary,
        history=history,
        test=test,
        last_test_accuracy=last.accuracy,
        saved_epoch=saved_epoch,
        seconds=metrics.seconds_facts(history, timing),
        environment=environment,
        observations=observations,
    )
    observer.done(facts)
    folder = folder.finish(facts)
    return Run(folder, folder.read_json("metrics.json"), fresh=True)


def _learns_handicapped(identity: Identity) -> bool:
    """Whether the running training accuracy is measured under dropout or augmentation, and so too low."""
    config = identity.config
    return bool(config.augment) or any("dropout" in layer.key for layer in config.model.every_layer())
