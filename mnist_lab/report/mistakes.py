"""The test images that the models of a comparison get wrong, from each run's `mistakes.json`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mnist_lab.errors import InputError
from mnist_lab.report.group import Group
from mnist_lab.runs import Mistake, Run, RunFolder


@dataclass(frozen=True)
class HardImage:
    """A test image that every model gets wrong."""

    index: int
    """Its row in the test file, from 0."""
    label: int
    predicted: tuple[tuple[int, int], ...]
    """What the models take it for, and how many of them do; the most frequent first."""


@dataclass(frozen=True)
class Unanimous:
    """What all models agree to get wrong."""

    models: int
    """How many there are; at least 2."""
    unknown: int
    """How many more there are whose mistakes cannot be read."""
    images: tuple[HardImage, ...]
    """In the order of the test file."""


def mistakes(run: Run) -> dict[int, Mistake] | None:
    """What a run's model gets wrong, by the image's row in the test file; None if that cannot be read."""
    try:
        return {mistake.index: mistake for mistake in run.mistakes}
    except InputError:  # `Run.problems` says why
        return None


def unanimous(groups: Iterable[Group], known: Mapping[RunFolder, Mapping[int, Mistake] | None]) -> Unanimous | None:
    """The test images that all models of `groups` get wrong; None if the mistakes of fewer than two are known.

    Args:
        groups: tested on the same images.
        known: the mistakes of their runs.
    """
    runs = [run for group in groups for run in group.runs]
    found = [some for run in runs if (some := known[run.folder]) is not None]
    if len(found) < 2:
        return None
    shared = sorted(set.intersection(*(set(some) for some in found)))
    return Unanimous(len(found), len(runs) - len(found), tuple(_image(index, found) for index in shared))


def _image(index: int, found: list[Mapping[int, Mistake]]) -> HardImage:
    taken_for = Counter(some[index].predicted for some in found)
    ranked = sorted(taken_for.items(), key=lambda pair: (-pair[1], pair[0]))
    return HardImage(index, found[0][index].label, tuple(ranked))
