"""Verdicts on experiments against a common base: better, worse, or why neither can be claimed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from mnist_lab.analysis.family import BySeed, Tested, tested
from mnist_lab.analysis.holm import holm, open_tests
from mnist_lab.analysis.mcnemar import Disagreement, disagreement


class Kind(StrEnum):
    """The outcome of a comparison."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SIGNIFICANT = "not significant"
    IMPOSSIBLE = "too few seeds"
    """Too few seeds for any difference, however large, to be significant."""


@dataclass(frozen=True)
class Scores:
    """What one experiment's models did on the test set or, if cross-validated, the validation set, by seed."""

    accuracy: BySeed
    mistakes: Mapping[Any, Collection[int]] = field(default_factory=dict)
    """The indices of the test images that each model got wrong, for the seeds for which they are known."""
    chosen_on_test: bool = False
    """Whether the saved weights are those of the epoch that was best on the test images."""


@dataclass(frozen=True)
class Models(Disagreement):
    """The models of a single shared seed, image by image, as one comparison of a family."""

    p_corrected: float
    """McNemar's p after Holm's correction over the arms that are compared by single models."""
    compared: int
    """How many arms those are."""
    remaining: int
    """How many of them would not be significant if this one were not (`holm.open_tests`)."""


@dataclass(frozen=True)
class Verdict(Tested):
    """The verdict on an arm against its base: by test accuracy, or by validation accuracy if cross-validated.

    A verdict generalizes to other seeds on the same test images; it does not cover the choice of test images.
    """

    kind: Kind
    models: Models | None
    """The comparison of the models of a single shared seed; None otherwise, or if their mistakes are unknown."""
    chosen_on_test: Literal["arm", "base"] | None
    """Which of the two has weights that were chosen on the test images, so that the difference is biased towards it;
    None if both or neither."""


def verdicts(family: Sequence[tuple[Scores, Scores]], share: float | None = None) -> list[Verdict]:
    """Compare each arm with its base; all of them are one family (`family.tested`).

    A single shared seed allows no statement about the experiments: McNemar's test then compares the two models, if
    their mistakes are known.

    `family` holds a pair for each comparison: the base's scores and the arm's. `share` is `Tested.share`.
    """
    tests = tested([(base.accuracy, arm.accuracy) for base, arm in family], share)
    found = [_disagreement(base, arm, test.seeds) for (base, arm), test in zip(family, tests, strict=True)]
    ps = [two.p for two in found if two]
    corrected = zip(holm(ps), open_tests(ps), strict=True)
    models: list[Models | None] = []
    for two in found:
        p, remaining = next(corrected) if two else (1.0, 0)
        models.append(two and Models(**vars(two), p_corrected=p, compared=len(ps), remaining=remaining))
    return [
        Verdict(**vars(test), kind=_kind(test), models=two, chosen_on_test=_chosen(base, arm) if test.paired else None)
        for (base, arm), test, two in zip(family, tests, models, strict=True)
    ]


def _disagreement(base: Scores, arm: Scores, seeds: Sequence[Any]) -> Disagreement | None:
    if len(seeds) != 1 or seeds[0] not in base.mistakes or seeds[0] not in arm.mistakes:
        return None
    return disagreement(base.mistakes[seeds[0]], arm.mistakes[seeds[0]])


def _chosen(base: Scores, arm: Scores) -> Literal["arm", "base"] | None:
    if base.chosen_on_test == arm.chosen_on_test:
        return None
    return "arm" if arm.chosen_on_test else "base"


def _kind(test: Tested) -> Kind:
    if test.too_few or test.paired is None:
        return Kind.IMPOSSIBLE
    if not test.significant:
        return Kind.NOT_SIGNIFICANT
    return Kind.BETTER if test.paired.mean > 0 else Kind.WORSE
