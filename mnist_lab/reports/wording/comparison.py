"""Sentences about a comparison of chosen runs."""

from typing import TYPE_CHECKING

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.wording.notes import ACCURACIES, FOLDS, INTERVAL, OWN_IMAGES, PLANNED, SCOPE, reuse
from mnist_lab.reports.wording.numbers import CI, some_runs
from mnist_lab.reports.wording.verdicts import caution, mcnemar, outcome, verdict
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.reports.compare import Arm, Comparison


def runs_compared(found: "Comparison", arm: "Arm") -> str:
    """Which runs the numbers are of."""
    base, other = found.base.group, arm.entry.group
    if found.models_only:
        return f"one run each, {' and '.join(dict.fromkeys(some_runs(group.keys) for group in (base, other)))}"
    if not arm.pairs:
        return f"none in common: {some_runs(base.keys)} and {some_runs(other.keys)}"
    shared = [key for key in base.keys if key in other.keys]
    left = [
        f"{group.name} also has {some_runs(more)}"
        for group in (base, other)
        if (more := [key for key in group.keys if key not in shared])
    ]
    return "; ".join([f"{some_runs(shared)} of each", *left])


def short_in_comparison(arm: "Arm") -> str:
    """The verdict in a few words: on the experiments, or of single models on these."""
    found = arm.entry.verdict
    if found is None or found.models is None:
        return outcome(found) if found else ""
    if found.models.p_corrected > ALPHA:
        return Kind.NOT_SIGNIFICANT
    return f"{'better' if found.models.only_a_wrong > found.models.only_b_wrong else 'worse'}, this model"


def findings(found: "Comparison", arm: "Arm") -> list[str]:
    """The verdict, how many images the models disagree on, and other observations about the arm."""
    said = [_verdict_in_comparison(found, arm), _disputed(found, arm)]
    return [*filter(None, said), *(one.text for one in arm.entry.observations)]


def _verdict_in_comparison(compared: "Comparison", arm: "Arm") -> str:
    """For single models, McNemar's test comes first, as it answers the question; then its limits."""
    found, base = arm.entry.verdict, compared.base.group
    if found is None or found.models is None:
        return verdict(found) if found else ""
    if found.models.p_corrected > ALPHA:
        said = f"No significant difference between these two models ({mcnemar(found.models)})."
    else:
        better = arm.entry.group.name if found.models.only_a_wrong > found.models.only_b_wrong else base.name
        said = f"The model of {better} is better on these test images ({mcnemar(found.models)})."
    said += caution(found)
    if not arm.changes and base.fingerprint == arm.entry.group.fingerprint:
        return f"{said} They have the same configuration."
    return f"{said} One seed allows no verdict on the experiments: at least {found.least} are needed."


def _disputed(compared: "Comparison", arm: "Arm") -> str:
    found, base, other = arm.disputed, compared.base.group.name, arm.entry.group.name
    if found is None:
        return ""
    only_base, only_other, alike = len(found.base_errs), len(found.this_errs), found.equally_often
    if found.pairs == 1:
        return (
            f"{count(only_other, 'test image')} {_are(only_other)} misclassified only by {other}, {only_base:,} only "
            f"by {base}, {alike:,} by both."
        )
    own = "" if compared.section.same_images else f" {OWN_IMAGES}"
    return (
        f"Over {found.pairs} pairs of models, {count(only_other, 'test image')} {_are(only_other)} misclassified more "
        f"often by {other}, {only_base:,} by {base}, and {alike:,} equally often.{own}"
    )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def comparison_notes(found: "Comparison") -> list[str]:
    """What a reader must know about the numbers."""
    texts = [f"{ACCURACIES} pp: percentage points; x 2.00: twice as much. FLOPs cover training only."]
    several = any(arm.pairs > 1 for arm in found.arms)
    if several and found.section.share:
        texts += [FOLDS, PLANNED]
    elif several:
        texts.append(
            "Over seeds: mean ± standard deviation (n - 1), Student's interval of the mean, and the mean difference of "
            f"runs with the same seed, with its {CI} where there are enough seeds. The intervals of test accuracy and "
            "gap are corrected, like the verdict, by Holm's method for all experiments that these results compare with "
            "the same base; those of the other numbers are not."
        )
        texts += [INTERVAL, SCOPE, PLANNED]
    if any(arm.pairs == 1 for arm in found.arms):
        texts.append(
            "Single models: the intervals cover the choice of test images, not that of seeds. An accuracy has "
            "Wilson's interval; a difference has Fay and Lumbard's, which agrees with McNemar's exact test and is "
            "corrected in the same way."
        )
    return [*texts, *comparison_cautions(found), *reuse(found.section.reuse)]


def comparison_cautions(found: "Comparison") -> list[str]:
    """Warnings about numbers that could be misread."""
    texts = []
    if any(not arm.pairs for arm in found.arms):
        unit = "fold" if found.section.share else "seed"
        texts.append(f"Without a {unit} in common, a difference is that of the means and has no interval.")
    base = found.base.group
    texts += [
        f"{arm.entry.group.name} and {base.name} differ in backend, device, processor or number of threads, so their "
        "times are not comparable."
        for arm in found.arms
        if arm.entry.group.machines != base.machines
    ]
    return texts
