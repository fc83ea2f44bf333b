"""The end of a run: test, plots, saved model, and `metrics.json` last of all."""

from typing import Any

from mnist_lab import training
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

    measured = metrics.measure(
        identity,
        material,
        summary=summary,
        history=history,
        test=test,
        last_test_accuracy=last.accuracy,
        saved_epoch=saved_epoch,
        environment=environment,
        timing=timing,
    )
    observer.done(measured)
    return Run(folder.finish(measured), measured.as_dict(), fresh=True)
