"""A verdict on each of several experiments against their common base: better, worse, or what is missing to say so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mnist_lab.analysis.family import BySeed, Tested, tested
from mnist_lab.analysis.holm import ALPHA, holm, open_tests
from mnist_lab.analysis.mcnemar import Disagreement, disagreement
from mnist_lab.analysis.wording import correction, count, difference, estimate, p_value


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
    models_compared: int
    """How many these are."""
    models_remaining: int
    """How many of them would not be significant if this one were not (`holm.open_tests`); 0 without `models`."""
    caution: str
    """The sentence of `text` that says which of the two the test images chose; empty if they chose both or neither."""


def verdicts(family: Sequence[tuple[Scores, Scores]]) -> list[Verdict]:
    """Compare each arm with its base; all of them are one family (`family.tested`).

    A single shared seed allows no statement about the experiments: there McNemar's test compares the two models, as far
    as their mistakes are known.

    Args:
        family: of each comparison what the base and what the arm did.
    """
    tests = tested([(base.accuracy, arm.accuracy) for base, arm in family])
    models = [_models(base, arm, test.seeds) for (base, arm), test in zip(family, tests, strict=True)]
    ps = [two.p for two in models if two]
    corrected = iter(zip(holm(ps), open_tests(ps, ALPHA), strict=True))
    found = []
    for (base, arm), test, two in zip(family, tests, models, strict=True):
        models_p, remaining = next(corrected) if two else (None, 0)
        kind, caution = _kind(test), _caution(base, arm) if test.paired else ""
        single = _between_models(two, models_p, len(ps)) if two and models_p is not None else ""
        text = _sentence(kind, test, single)
        found.append(
            Verdict(
                **vars(test),
                kind=kind,
                text=f"{text} {caution}" if caution else text,
                models=two,
                models_p=models_p,
                models_compared=len(ps),
                models_remaining=remaining,
                caution=caution,
            )
        )
    return found


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
    if kind is Kind.IMPOSSIBLE:
        return (
            f"Cannot be significant with {count(pair.n, 'seed')}: there is no confidence interval below "
            f"{test.least} seeds. So far {difference(pair.mean)}.{of_models}"
        )
    told = f"{estimate(pair.mean, pair.interval, test.p, test.arms)} over {count(pair.n, 'shared seed')}."
    if kind is Kind.UNDETECTED:
        return f"No detectable difference: {told}{outlook(test)}"
    return f"{kind.capitalize()}: {told}"


def outlook(test: Tested) -> str:
    """What more seeds would do, as a sentence after another; empty if that is not known."""
    if not test.more_seeds:
        return ""
    return f" Detecting a difference of this size would take about {count(test.more_seeds, 'more seed')}."


def _between_models(models: Disagreement, p: float, compared: int) -> str:
    """McNemar's test is about two sets of weights, so it is not to sound like a claim about the experiments."""
    return (
        f" Of these two models (not of the experiments): {count(models.only_b_wrong, 'test image')} only this one gets "
        f"wrong, {models.only_a_wrong:,} only the base's; McNemar's {p_value(p)} ({correction(compared)})."
    )
