"""Records of finished searches for tests of what reads them, with numbers as real ones have them."""

import math
import random
from statistics import fmean

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.search.record import (
    Arm,
    Budget,
    Confirmation,
    Confirming,
    Difference,
    Limit,
    Objective,
    Parameter,
    Promotion,
    Reached,
    Search,
    Trial,
)

RUNGS = (2, 6, 20)
LABELS = {"256-256": 269_322, "512-512": 669_706, "1024": 814_090}
SEEDS = (2, 3, 4, 5, 6, 7)


def _wait(number: int, epoch: int) -> float:
    return 12.0 * number + 1.5 * epoch


def of_accuracy(*, trials: int = 27, confirmed: bool = True) -> Search:
    """One objective, with promotion: a third of the trials goes on from each rung; trial 5 diverged."""
    numbers = random.Random(1)
    tried = []
    for number in range(1, trials + 1):
        rate = round(10 ** numbers.uniform(-4, -2), 6)
        values = {
            "train.optimizer.learning_rate": rate,
            "model.dropout": round(numbers.uniform(0, 0.5), 4),
            "model.nodes": numbers.choice(list(LABELS)),
        }
        at_end = 0.984 - 0.004 * abs(math.log10(rate) + 3) - 0.01 * abs(values["model.dropout"] - 0.25)
        known = {
            "number": number, "values": values, "run": f"trial-{number:03}/seed1-{number:08x}",
            "parameters": LABELS[values["model.nodes"]], "multiply_adds": LABELS[values["model.nodes"]] - 1_000,
        }  # fmt: skip
        if number == 5:
            tried.append(Trial(**known, state="failed", reason="The loss became nan.", epochs=1, seconds=1.3))
            continue
        rungs = RUNGS[: 3 if number % 9 == 0 else 2 if number % 3 == 0 else 1]
        reached = tuple(
            Reached(
                epoch=epoch,
                val_accuracy=round(at_end - 0.03 / epoch + numbers.gauss(0, 0.0005), 5),
                val_loss=round(4 * (1 - at_end) + 0.1 / epoch, 5),
                clock=_wait(number, epoch),
            )
            for epoch in rungs
        )
        state = "finished" if rungs == RUNGS else "stopped"
        tried.append(Trial(**known, state=state, epochs=rungs[-1], seconds=1.3 * rungs[-1], reached=reached))
    finished = [trial for trial in tried if trial.state == "finished"]
    ranked = sorted(finished, key=lambda trial: -(trial.measured("val_accuracy") or 0))
    return Search(
        name="mlp",
        description="Learning rate, dropout and nodes of mlp_512.",
        base="mlp_512",
        data="MNIST",
        train_images=48_000,
        validation_images=12_000,
        space=(
            Parameter(
                name="train.optimizer.learning_rate", key="train.optimizer.learning_rate", kind="log_uniform",
                low=1e-4, high=1e-2,
            ),
            Parameter(name="model.dropout", key="model.dropout", kind="uniform", low=0, high=0.5),
            Parameter(name="model.nodes", key="model.nodes", kind="choice", choices=tuple(LABELS)),
        ),
        objectives=(Objective(direction="maximize", measure="val_accuracy"),),
        sampler="tpe",
        budget=Budget(trials=trials, epochs=20),
        promotion=Promotion(first=2, factor=3, rungs=RUNGS[:-1]),
        confirm=Confirming(best=3, seeds=SEEDS),
        seed=1,
        seconds=_wait(trials, 20),
        ended="trials",
        environment={"backend": "tensorflow", "device": "cpu", "jobs": 2, "mnist_lab": "1.0.0", "optuna": "5.0.0"},
        trials=tuple(tried),
        best=ranked[0].number,
        confirmation=_confirmation(ranked[:3]) if confirmed else None,
    )  # fmt: skip


def _confirmation(best: list[Trial]) -> Confirmation:
    numbers = random.Random(2)

    def scores(mean: float) -> tuple[float, ...]:
        return tuple(round(mean + numbers.gauss(0, 0.0008), 4) for _ in SEEDS)

    base = Arm(
        label="base", experiment="mlp_512", runs=tuple(f"mlp_512/seed{seed}-abcdef01" for seed in SEEDS), seeds=SEEDS,
        test=scores(0.9815), interval=(0.9807, 0.9823), validation=scores(0.9812), parameters=669_706, seconds=27.1,
    )  # fmt: skip
    arms = [base]
    verdicts = [(Kind.BETTER, 0.031, 0.9838), (Kind.NOT_SIGNIFICANT, 0.19, 0.9822), (Kind.WORSE, 0.031, 0.9801)]
    for trial, (kind, p, mean) in zip(best, verdicts, strict=False):
        test = scores(mean)
        difference = fmean(test) - base.mean
        arms.append(
            Arm(
                label=f"trial {trial.number}",
                trial=trial.number,
                experiment=f"mlp/trial-{trial.number:03}",
                runs=tuple(f"mlp/trial-{trial.number:03}/seed{seed}-{trial.number:08x}" for seed in SEEDS),
                seeds=SEEDS,
                test=test,
                interval=(mean - 0.0008, mean + 0.0008),
                validation=scores(mean - 0.0004),
                in_search=trial.measured("val_accuracy"),
                parameters=trial.parameters or 0,
                seconds=26.0,
                difference=Difference(
                    kind=kind,
                    text=f"{str(kind).capitalize()}: {100 * difference:+.2f} pp.",
                    mean=difference,
                    interval=(difference - 0.0012, difference + 0.0012),
                    p=p,
                ),
            )
        )
    return Confirmation(seeds=SEEDS, arms=tuple(arms))


def of_tradeoff(*, trials: int = 30) -> Search:
    """Two objectives, without promotion, with a choice of networks that have parameters of their own, and a limit."""
    numbers = random.Random(3)
    tried = []
    for number in range(1, trials + 1):
        kind = numbers.choice(["mlp", "cnn"])
        rate = round(10 ** numbers.uniform(-4, -2), 6)
        own = {"model.layers.0.conv.filters": numbers.randint(4, 16)} if kind == "cnn" else {}
        own = own or {"model.nodes": numbers.choice(["16", "32", "64"])}
        size = 790 * int(own.get("model.nodes", 0)) or 340 * int(own["model.layers.0.conv.filters"])
        known = {
            "number": number, "values": {"model": kind, **own, "train.optimizer.learning_rate": rate},
            "parameters": size, "multiply_adds": size if kind == "mlp" else 40 * size,
        }  # fmt: skip
        if size > 30_000:
            reason = f"{size:,} parameters (limit 30,000)."
            tried.append(Trial(**known, state="refused", reason=reason))
            continue
        accuracy = 0.99 - (0.02 if kind == "mlp" else 0) - 20 / size - 0.004 * abs(math.log10(rate) + 2.8)
        reached = Reached(epoch=5, val_accuracy=accuracy, val_loss=4 * (1 - accuracy), clock=_wait(number, 5))
        run = f"trial-{number:03}/seed1-{number:08x}"
        tried.append(Trial(**known, run=run, state="finished", epochs=5, seconds=8.0, reached=(reached,)))
    ends = [(trial, trial.reached[-1].val_accuracy or 0, trial.parameters or 0) for trial in tried if trial.reached]
    front = [
        (accuracy, trial.number)
        for trial, accuracy, size in ends
        if not any(a >= accuracy and s <= size and (a, s) != (accuracy, size) for _, a, s in ends)
    ]
    ranked = tuple(number for _, number in sorted(front, reverse=True))
    return Search(
        name="small",
        base="small_28",
        data="MNIST",
        train_images=48_000,
        validation_images=12_000,
        space=(
            Parameter(name="model", key="model", kind="choice", choices=("mlp", "cnn")),
            Parameter(
                name="model.nodes", key="model.nodes", kind="choice", choices=("16", "32", "64"),
                within=("model", "mlp"),
            ),
            Parameter(
                name="model.layers.0.conv.filters", key="model.layers.0.conv.filters", kind="int", low=4, high=16,
                within=("model", "cnn"),
            ),
            Parameter(
                name="train.optimizer.learning_rate", key="train.optimizer.learning_rate", kind="log_uniform",
                low=1e-4, high=1e-2,
            ),
        ),
        objectives=(
            Objective(direction="maximize", measure="val_accuracy"),
            Objective(direction="minimize", measure="parameters"),
        ),
        limits=(Limit(measure="parameters", most=30_000),),
        sampler="tpe",
        budget=Budget(trials=trials, epochs=5),
        seed=1,
        seconds=_wait(trials, 5),
        ended="trials",
        environment={"backend": "tensorflow", "device": "cpu", "jobs": 2, "mnist_lab": "1.0.0", "optuna": "5.0.0"},
        trials=tuple(tried),
        best=ranked[0],
        front=ranked,
    )  # fmt: skip
