"""A verdict on each of several experiments against their common base: better, worse, or what is missing to say so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mnist_lab.analysis.holm import holm, open_tests
from mnist_lab.analysis.mcnemar import Disagreement, disagreement
from mnist_lab.analysis.paired import FEWEST, Paired, paired
from mnist_lab.analysis.power import ALPHA, least_seeds, seeds_to_settle
from mnist_lab.analysis.wording import corrected, count, difference


class Kind(StrEnum):
    """What can be said."""

    BETTER = "better"
    WORSE = "worse"
    UNDETECTED = "no detectable difference"
    IMPOSSIBLE = "cannot be significant"
    """So few seeds that no difference, however large, would have been significant."""


@dataclass(frozen=True)
class Scores:
    """What one experiment's models did on the test set, by seed."""

    accuracy: Mapping[int, float]
    mistakes: Mapping[int, Collection[int]] = field(default_factory=dict)
    """The indices of the test images that each got wrong, of the seeds for which they are known."""
    chosen_on_test: bool = False
    """Whether the saved weights are those of the epoch that was best on the test images."""


@dataclass(frozen=True)
class Verdict:
    """On one experiment, an arm, against its base.

    It is about other seeds on the same test images: what another choice of images would change is not in it.
    """

    kind: Kind
    text: str
    """The same in one or more sentences, with the numbers."""
    arms: int
    """How many arms the base has: the family that p is corrected for."""
    remaining: int
    """How many of them would not be significant if this one were not: what its own p may at most be multiplied by."""
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
    """Seeds below which this arm cannot be significant, however large its difference, the other arms being as they are:
    Holm's correction asks less of an arm once others are significant."""
    settle: int | None
    """Seeds in all with which a difference of this size would probably be found (`power.seeds_to_settle`)."""
    caution: str
    """The sentence of `text` that says which of the two the test images chose; empty if they chose both or neither."""


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
    adjusted, remaining = holm(ps), open_tests(ps, alpha)
    models = [_models(base, arm, seeds) for arm, seeds in zip(arms, shared, strict=True)]
    apart = [two.p for two in models if two]
    models_ps = iter(holm(apart))
    return [
        _verdict(
            arms=len(arms),
            remaining=remaining[i],
            seeds=shared[i],
            pair=pairs[i],
            p=adjusted[i],
            models=models[i],
            models_p=next(models_ps) if models[i] else None,
            models_compared=len(apart),
            caution=_caution(base, arms[i]),
            alpha=alpha,
        )
        for i in range(len(arms))
    ]


def _models(base: Scores, arm: Scores, seeds: Sequence[int]) -> Disagreement | None:
    if len(seeds) != 1 or seeds[0] not in base.mistakes or seeds[0] not in arm.mistakes:
        return None
    return disagreement(base.mistakes[seeds[0]], arm.mistakes[seeds[0]])


def _caution(base: Scores, arm: Scores) -> str:
    if base.chosen_on_test == arm.chosen_on_test:
        return ""
    whose = "this one's" if arm.chosen_on_test else "the base's"
    return (
        f"Only {whose} weights were chosen on the test images (those of the epoch that was best on them): its accuracy "
        "is optimistic, and the difference leans its way."
    )


def _verdict(
    *,
    arms: int,
    remaining: int,
    seeds: tuple[int, ...],
    pair: Paired | None,
    p: float,
    models: Disagreement | None,
    models_p: float | None,
    models_compared: int,
    caution: str,
    alpha: float,
) -> Verdict:
    least = least_seeds(remaining, alpha)
    # The spread of two differences is no measure of anything.
    settle = (
        seeds_to_settle(pair.mean, pair.sd, arms=remaining, alpha=alpha)
        if pair and pair.sd and pair.n >= FEWEST and p > alpha
        else None
    )
    if len(seeds) < least:
        kind = Kind.IMPOSSIBLE
    elif p > alpha or pair is None:
        kind = Kind.UNDETECTED
    else:
        kind = Kind.BETTER if pair.mean > 0 else Kind.WORSE
    single = _between_models(models, models_p, models_compared) if models and models_p is not None else ""
    text = _sentence(kind, pair, p, single, arms=arms, least=least, settle=settle)
    return Verdict(
        kind=kind,
        text=f"{text} {caution}" if caution and pair else text,
        arms=arms,
        remaining=remaining,
        seeds=seeds,
        paired=pair,
        p=p if pair else None,
        models=models,
        models_p=models_p,
        least=least,
        settle=settle,
        caution=caution if pair else "",
    )


def _sentence(
    kind: Kind,
    pair: Paired | None,
    p: float,
    of_models: str,
    *,
    arms: int,
    least: int,
    settle: int | None,
) -> str:
    if pair is None:
        return f"Cannot be significant: no seed in common with the base; at least {least} needed."
    seeds = count(pair.n, "shared seed")
    numbers = difference(pair.mean, pair.interval)
    tested = f"{numbers} over {seeds}, {corrected(pair.p, p, arms)}"
    if kind is Kind.IMPOSSIBLE:
        text = f"Cannot be significant with {count(pair.n, 'seed')}; at least {least} needed. So far {numbers}."
        return text + (of_models or outlook(settle, pair.n))
    if kind is Kind.UNDETECTED:
        return f"No detectable difference: {tested}.{outlook(settle, pair.n)}"
    return f"{kind.capitalize()}: {tested}."


def outlook(settle: int | None, n: int) -> str:
    """What more seeds would do, as a sentence after another; empty if that is not known."""
    if settle is None or settle <= n:
        return ""
    return f" About {count(settle - n, 'more seed')} would probably show a difference of this size."


def _between_models(models: Disagreement, p: float, compared: int) -> str:
    """McNemar's test is about two sets of weights, so it is not to sound like a claim about the experiments."""
    return (
        f" Of these two models (not of the experiments): {count(models.only_b_wrong, 'test image')} only this one gets "
        f"wrong, {models.only_a_wrong:,} only the base's; McNemar's {corrected(models.p, p, compared)}."
    )
