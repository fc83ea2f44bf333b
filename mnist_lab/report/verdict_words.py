"""The verdicts in words, for every place where they stand, and what has to be said beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from mnist_lab.analysis.verdicts import Kind


@dataclass(frozen=True)
class Words:
    """One kind of verdict."""

    short: str
    """In a cell of a table."""
    heading: str
    """Above the experiments that have it."""
    against: str
    """Before the name of the base."""
    did: str
    """What these changes did: `3 helped`."""


WORDS: Mapping[Kind, Words] = {
    Kind.BETTER: Words("better", "Better", "Better than", "helped"),
    Kind.WORSE: Words("worse", "Worse", "Worse than", "hurt"),
    Kind.UNDETECTED: Words(
        "no detectable difference",
        "No detectable difference",
        "No detectable difference from",
        "made no difference that these seeds can show",
    ),
    Kind.IMPOSSIBLE: Words(
        "too few seeds", "Too few seeds to say", "Nothing can be significant against", "cannot be judged yet"
    ),
}
"""In the order in which they are told."""

INTERVAL = (
    "The 95 % confidence interval of a difference holds all differences that this test does not reject at the same "
    "corrected level, so it excludes 0 exactly where the verdict is better or worse. Where there are too few seeds for "
    "a verdict there is none."
)
SCOPE = (
    "A verdict is about other seeds, tested on these same images; what another choice of test images would change is "
    "not in it."
)
PLANNED = (
    "p holds for a number of seeds that was chosen beforehand: to add seeds until it is small enough finds differences "
    "that are not there."
)
APART = "Experiments on different data are set apart and not compared with each other."
NO_TIMES = (
    "There is no front by training time: not all runs were trained on the same machine, device and number of threads "
    "with the same backend."
)
OWN_IMAGES = (
    "Each seed was tested on images of its own (data.test_subset), so there is no image that all models were tested on."
)
