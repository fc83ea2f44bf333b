"""A verdict on each of several experiments against their common base: better, worse, or what is missing to say so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mnist_lab.analysis.family import BySeed, Tested, tested
from mnist_lab.analysis.holm import holm
from mnist_lab.analysis.mcnemar import Disagreement, disagreement
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

    accuracy: BySeed
    mistakes: Mapping[int, Collection[int]] = field(default_factory=dict)
    """The indices of the test images that each got wrong, of the seeds for which they are known."""
    chosen_on_test: bool = False
    """Whether the saved weights are those of the epoch that was best on the test images."""


@dataclass(frozen=True)
class Verdict(Tested):
    """On the test accuracy of one experiment, an arm, against its base.

    It is about other seeds on the same test images: what another choice of images would change is not in it.
    """

    kind: Kind
    text: str
    """The same in one or more sentences, with the numbers."""
    models: Disagreement | None
    """Of a single shared seed: the two models, image by image; None if their mistakes are not known."""
    models_p: float | None
    """McNemar's p after Holm's correction over the arms that were compared so."""
    caution: str
    """The sentence of `text` that says which of the two the test images chose; empty if they chose both or neither."""


def verdicts(base: Scores, arms: Sequence[Scores]) -> list[Verdict]:
    """Compare each of `arms` with their base; all of them are one family (`family.tested`).

    A single shared seed allows no statement about the experiments: there McNemar's test compares the two models, as far
    as their mistakes are known.
    """
    tests = tested([(base.accuracy, arm.accuracy) for arm in arms])
    models = [_models(base, arm, test.seeds) for arm, test in zip(arms, tests, strict=True)]
    apart = [two.p for two in models if two]
    models_ps = iter(holm(apart))
    return [
        _verdict(
            test,
            two,
            models_p=next(models_ps) if two else None,
            models_compared=len(apart),
            caution=_caution(base, arm) if test.paired else "",
        )
        for arm, test, two in zip(arms, tests, models, strict=True)
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
    test: Tested, models: Disagreement | None, *, models_p: float | None, models_compared: int, caution: str
) -> Verdict:
    kind = _kind(test)
    single = _between_models(models, models_p, models_compared) if models and models_p is not None else ""
    text = _sentence(kind, test, single)
    return Verdict(
        **vars(test),
        kind=kind,
        text=f"{text} {caution}" if caution else text,
        models=models,
        models_p=models_p,
        caution=caution,
    )


def _kind(test: Tested) -> Kind:
    if test.too_few or test.paired is None:
        return Kind.IMPOSSIBLE
    if not test.significant:
        return Kind.UNDETECTED
    return Kind.BETTER if test.paired.mean > 0 else Kind.WORSE


def _sentence(kind: Kind, test: Tested, of_models: str) -> str:
    pair = test.paired
    if pair is None or test.p is None:
        return f"Cannot be significant: no seed in common with the base; at least {test.least} needed."
    numbers = difference(pair.mean, pair.interval)
    told = f"{numbers} over {count(pair.n, 'shared seed')}, {corrected(pair.p, test.p, test.arms)}"
    if kind is Kind.IMPOSSIBLE:
        text = f"Cannot be significant with {count(pair.n, 'seed')}; at least {test.least} needed. So far {numbers}."
        return text + (of_models or outlook(test))
    if kind is Kind.UNDETECTED:
        return f"No detectable difference: {told}.{outlook(test)}"
    return f"{kind.capitalize()}: {told}."


def outlook(test: Tested) -> str:
    """What more seeds would do, as a sentence after another; empty if that is not known."""
    if not test.more_seeds:
        return ""
    return f" About {count(test.more_seeds, 'more seed')} would probably show a difference of this size."


def _between_models(models: Disagreement, p: float, compared: int) -> str:
    """McNemar's test is about two sets of weights, so it is not to sound like a claim about the experiments."""
    return (
        f" Of these two models (not of the experiments): {count(models.only_b_wrong, 'test image')} only this one gets "
        f"wrong, {models.only_a_wrong:,} only the base's; McNemar's {corrected(models.p, p, compared)}."
    )
