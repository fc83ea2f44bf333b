"""A verdict on each of several experiments against their common base: better, worse, or what is missing to say so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mnist_lab.analysis.holm import holm
from mnist_lab.analysis.mcnemar import Disagreement, disagreement
from mnist_lab.analysis.paired import FEWEST, Paired, paired, smallest_p
from mnist_lab.analysis.power import ALPHA, least_seeds, seeds_to_settle
from mnist_lab.analysis.wording import count, difference, p_value


class Kind(StrEnum):
    """What can be said."""

    BETTER = "better"
    WORSE = "worse"
    UNDETECTED = "no detectable difference"
    IMPOSSIBLE = "cannot be significant"
    """So few seeds that no differences, however large, would have been significant."""


@dataclass(frozen=True)
class Scores:
    """What one experiment's models did on the test set, by seed."""

    accuracy: Mapping[int, float]
    mistakes: Mapping[int, Collection[int]] = field(default_factory=dict)
    """The indices of the test images that each got wrong, of the seeds for which they are known."""


@dataclass(frozen=True)
class Verdict:
    """On one experiment, an arm, against its base."""

    kind: Kind
    text: str
    """The same in a sentence, with the numbers."""
    arms: int
    """How many arms the base has: the family that p is corrected for."""
    seeds: tuple[int, ...]
    """Those that both were run with, ascending."""
    paired: Paired | None
    """The accuracies with those seeds, compared; None if there is no such seed."""
    p: float | None
    """The sign-flip p after Holm's correction: the one that decides."""
    models: Disagreement | None
    """Of a single shared seed: the two models, image by image; None if their mistakes are not known."""
    models_p: float | None
    """McNemar's p after Holm's correction over the arms that were compared so."""
    least: int
    """Seeds below which no arm of this family can be significant."""
    settle: int | None
    """Seeds in all with which a difference of this size would probably be found (`power.seeds_to_settle`)."""


def verdicts(base: Scores, arms: Sequence[Scores], alpha: float = ALPHA) -> list[Verdict]:
    """Compare each of `arms` with their base, at significance level `alpha` for all of them together.

    The sign-flip test over the shared seeds decides (`paired.paired`), with Holm's correction over all arms; an arm
    without a shared seed counts as tested with p = 1. A single shared seed allows no statement about the experiments:
    there McNemar's test compares the two models, as far as their mistakes are known.
    """
    shared = [tuple(sorted(base.accuracy.keys() & arm.accuracy.keys())) for arm in arms]
    pairs = [
        paired([base.accuracy[seed] for seed in seeds], [arm.accuracy[seed] for seed in seeds]) if seeds else None
        for arm, seeds in zip(arms, shared, strict=True)
    ]
    ps = [pair.p if pair else 1.0 for pair in pairs]
    models = [_models(base, arm, seeds) for arm, seeds in zip(arms, shared, strict=True)]
    models_ps = iter(holm([two.p for two in models if two]))
    return [
        _verdict(
            arms=len(arms),
            seeds=shared[i],
            pair=pairs[i],
            p=adjusted,
            # The arm's own p at its smallest, beside the others as they are: Holm's correction is less strict
            # towards those that come after a significant one.
            possible=holm([*ps[:i], smallest_p(len(shared[i])) if shared[i] else 1.0, *ps[i + 1 :]])[i] <= alpha,
            models=models[i],
            models_p=next(models_ps) if models[i] else None,
            alpha=alpha,
        )
        for i, adjusted in enumerate(holm(ps))
    ]


def _models(base: Scores, arm: Scores, seeds: Sequence[int]) -> Disagreement | None:
    if len(seeds) != 1 or seeds[0] not in base.mistakes or seeds[0] not in arm.mistakes:
        return None
    return disagreement(base.mistakes[seeds[0]], arm.mistakes[seeds[0]])


def _verdict(
    *,
    arms: int,
    seeds: tuple[int, ...],
    pair: Paired | None,
    p: float,
    possible: bool,
    models: Disagreement | None,
    models_p: float | None,
    alpha: float,
) -> Verdict:
    least = least_seeds(arms, alpha)
    # The spread of two differences is no measure of anything.
    settle = (
        seeds_to_settle(pair.mean, pair.sd, arms=arms, alpha=alpha)
        if pair and pair.sd and pair.n >= FEWEST and p > alpha
        else None
    )
    if not possible:
        kind = Kind.IMPOSSIBLE
    elif p > alpha or pair is None:
        kind = Kind.UNDETECTED
    else:
        kind = Kind.BETTER if pair.mean > 0 else Kind.WORSE
    return Verdict(
        kind=kind,
        text=_sentence(kind, pair, p, models, models_p, arms=arms, least=least, settle=settle),
        arms=arms,
        seeds=seeds,
        paired=pair,
        p=p if pair else None,
        models=models,
        models_p=models_p,
        least=least,
        settle=settle,
    )


def _sentence(
    kind: Kind,
    pair: Paired | None,
    p: float,
    models: Disagreement | None,
    models_p: float | None,
    *,
    arms: int,
    least: int,
    settle: int | None,
) -> str:
    if pair is None:
        return f"Cannot be significant: no seed in common with the base; at least {least} needed."
    seeds = count(pair.n, "shared seed")
    numbers = difference(pair.mean, pair.interval)
    tested = f"{numbers} over {seeds}, {_tested(pair.p, p, arms)}"
    if kind is Kind.IMPOSSIBLE:
        text = f"Cannot be significant with {count(pair.n, 'seed')}; at least {least} needed. So far {numbers}."
        return text + (_between_models(models, models_p, arms) if models else _outlook(settle, pair.n))
    if kind is Kind.UNDETECTED:
        return f"No detectable difference: {tested}.{_outlook(settle, pair.n)}"
    return f"{kind.capitalize()}: {tested}."


def _outlook(settle: int | None, n: int) -> str:
    if settle is None or settle <= n:
        return ""
    return f" About {count(settle - n, 'more seed')} would settle a difference of this size."


def _between_models(models: Disagreement, p: float | None, arms: int) -> str:
    """McNemar's test is about two sets of weights, so it is not to sound like a claim about the experiments."""
    return (
        f" Of these two models (not of the experiments): {count(models.only_b_wrong, 'test image')} only this one gets "
        f"wrong, {models.only_a_wrong:,} only the base's; McNemar's {_tested(models.p, p, arms)}."
    )


def _tested(p: float, adjusted: float | None, arms: int) -> str:
    if adjusted is None or p_value(adjusted) == p_value(p):
        return p_value(p)
    return f"{p_value(p)}, corrected for {arms} arms {p_value(adjusted)}"
