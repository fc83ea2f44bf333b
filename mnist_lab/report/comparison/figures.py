"""The figures of a comparison: the curves over each other, and the test images that tell two sides apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_lab.analysis.wording import count
from mnist_lab.report.comparison.comparison import Comparison, Disputed, DisputedImage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mnist_lab.datasets import Dataset
    from mnist_lab.plots import Half

CURVES, DIGITS = "curves", "digits"


def digits_name(arm: int) -> str:
    """The file of the test images that tell an arm, counted from 0, from the base."""
    return f"{DIGITS}.png" if arm == 0 else f"{DIGITS}_{arm + 1}.png"


def curves(comparison: Comparison) -> "Figure | None":
    """Accuracy and loss by epoch of every side; None if no history can be read."""
    from mnist_lab import plots

    known = {group.name: list(group.histories) for group in comparison.groups if group.histories}
    title = f"{comparison.title}, {comparison.base.group.data.title}"
    return plots.overlay(known, title=title) if known else None


def digits(comparison: Comparison, dataset: "Dataset") -> "dict[str, Figure]":
    """For each arm whose mistakes are known the test images that tell it from the base, by file name."""
    from mnist_lab import plots

    found = {}
    for i, arm in enumerate(comparison.arms):
        if arm.disputed is None or not (arm.disputed.base_errs or arm.disputed.other_errs):
            continue
        base, other = comparison.base.group.name, arm.entry.group.name
        halves = (
            _half(arm.disputed, arm.disputed.other_errs, other, base, dataset),
            _half(arm.disputed, arm.disputed.base_errs, base, other, dataset),
        )
        title = f"Test images that tell {other} from {base}, {dataset.title}"
        found[digits_name(i)] = plots.disputed(halves, dataset.classes, title=title)
    return found


def has_digits(comparison: Comparison) -> bool:
    """Whether there are images to show."""
    return any(arm.disputed and (arm.disputed.base_errs or arm.disputed.other_errs) for arm in comparison.arms)


def _half(found: Disputed, images: Sequence[DisputedImage], errs: str, right: str, dataset: "Dataset") -> "Half":
    from mnist_lab import plots
    from mnist_lab.plots.disputed import SHOWN

    shown = images[:SHOWN]
    if found.pairs == 1:
        heading = f"{errs} wrong, {right} right: {count(len(images), 'image')}"
        legend = "with its confidence, highest first"
        notes = [f"{one.confidence:.1%}" if one.confidence else "" for one in shown]
    else:
        heading = f"More often wrong in {errs}: {count(len(images), 'image')}"
        legend = f"in how many of {found.pairs} models, against how many of the other's {found.pairs}"
        notes = [f"{max(pair)} against {min(pair)}" for one in shown for pair in [(one.base_wrong, one.other_wrong)]]
    return plots.Half(
        heading,
        legend if len(images) else "",
        dataset.x_test[[one.index for one in shown]],
        [one.label for one in shown],
        [one.predicted for one in shown],
        notes,
    )
