"""The record of a search before its trials: what the search file says, and what an earlier session left."""

from itertools import islice
from pathlib import Path

from mnist_lab.config.searches import Dimension
from mnist_lab.config.searches import Search as Declared
from mnist_lab.config.searches.file import COSTS
from mnist_lab.config.sweeps.seeds import MAX_SEED
from mnist_lab.datasets import Dataset
from mnist_lab.errors import DamagedError, InputError, MissingError
from mnist_lab.experiment import identify, prepare_data
from mnist_lab.search import record
from mnist_lab.search.promotion import rungs
from mnist_lab.search.record import Search
from mnist_lab.text.quantities import data_set

COMMON = ("base", "space", "objectives", "limits", "sampler", "promotion", "seed")
"""What all trials of a search have in common, besides their epochs."""


def outline(declared: Declared, dataset: Dataset, results: Path) -> Search:
    """Return the record of a search without its trials.

    Raises:
        InputError: the base has no validation images, or another search has this name.
        DamagedError, UnreadableError: the record is damaged or cannot be read.
    """
    spec, base = declared.spec, identify(declared.base, dataset, results)
    splits = prepare_data(base.config, dataset)
    if splits.validation is None or splits.selected_on_test:
        raise InputError(f"{declared.file}: the base has no validation images that are not its test images.")
    found = Search(
        name=declared.name,
        description=spec.description,
        base=str(declared.base.experiment),
        fingerprint=base.fingerprint,
        data=data_set(dataset.title, base.config.data.subset),
        train_images=len(splits.train),
        validation_images=len(splits.validation),
        space=tuple(map(_parameter, declared.space.dimensions)),
        points=_points(declared),
        objectives=_objectives(declared),
        limits=_limits(declared),
        sampler=spec.sampler,
        budget=record.Budget(epochs=declared.epochs, trials=spec.budget.trials, minutes=spec.budget.minutes),
        promotion=_promotion(declared),
        confirm=_confirming(declared),
        seed=spec.seed,
    )
    try:
        before = Search.read(results / declared.name)
    except MissingError:
        return found
    except DamagedError as error:
        hint = f"Remove {results / declared.name / record.RECORD}; the same command writes it again from the trials."
        raise DamagedError(error.message, hint) from None
    changed = [name for name in COMMON if getattr(before, name) != getattr(found, name)]
    changed += ["epochs"] if before.budget.epochs != found.budget.epochs else []
    if not changed and before.fingerprint != found.fingerprint:
        changed = ["the configuration of the base, its data set or the backend"]
    if changed:
        raise InputError(
            f"{results / declared.name}: contains trials of a different search, which differs in {', '.join(changed)}.",
            "Give this one another `name`, or remove that folder.",
        )
    return found.model_copy(update={"seconds": before.seconds, "environment": before.environment})


def _parameter(dimension: Dimension) -> record.Parameter:
    known = {"name": dimension.name, "key": dimension.key, "kind": dimension.kind, "within": dimension.within}
    if dimension.labels:
        return record.Parameter(**known, choices=dimension.labels)
    low, high = dimension.bounds
    return record.Parameter(**known, low=low, high=high)


def _points(declared: Declared) -> int | None:
    most = declared.spec.budget.trials
    if most is None or not declared.space.finite:
        return None
    found = sum(1 for _ in islice(declared.space.points(), most))
    return found if found < most else None


def _objectives(declared: Declared) -> tuple[record.Objective, ...]:
    given = declared.spec.objective
    maximized = [record.Objective(direction="maximize", measure=given.maximize)] if given.maximize else []
    minimized = sorted(given.minimize, key=lambda name: name in COSTS)
    return (*maximized, *(record.Objective(direction="minimize", measure=name) for name in minimized))


def _limits(declared: Declared) -> tuple[record.Limit, ...]:
    given = declared.spec.where.model_dump(exclude_none=True)
    return tuple(record.Limit.model_validate({"measure": name, "most": most}) for name, most in given.items())


def _promotion(declared: Declared) -> record.Promotion | None:
    given = declared.spec.promote
    if given is None:
        return None
    at = rungs(given.first, given.factor, declared.epochs)
    return record.Promotion(first=given.first, factor=given.factor, rungs=at) if at else None


def _confirming(declared: Declared) -> record.Confirming | None:
    given, trials = declared.spec.confirm, declared.spec.budget.trials
    if given is None:
        return None
    seeds = tuple((declared.spec.seed + i) % (MAX_SEED + 1) for i in range(1, given.seeds + 1))
    return record.Confirming(best=min(given.best, trials or given.best), seeds=seeds)
