"""Sentences about a comparison of chosen runs."""

from typing import TYPE_CHECKING

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.wording.notes import ACCURACIES, FOLDS, INTERVAL, OWN_IMAGES, PLANNED, SCOPE, reuse
from mnist_lab.reports.wording.numbers import CI, some_runs
from mnist_lab.reports.wording.verdicts import caution, mcnemar, outcome, verdict
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.reports.compare import Arm, Comparison, Disputed
    from mnist_lab.reports.study import Entry


def runs_compared(found: "Comparison", arm: "Arm") -> str:
    """Say which runs the numbers cover."""
    each = [some_runs(group.keys) for group in (arm.base, arm.group)]
    if found.models_only:
        return f"one run each, {some_runs(list(dict.fromkeys([*arm.base.keys, *arm.group.keys])))}"
    if not arm.pairs:
        return f"none in common: {' and '.join(each)}"
    shared = arm.sides[0].keys
    left = [
        f"{group.name} also has {some_runs(more)}"
        for group in (arm.base, arm.group)
        if (more := [key for key in group.keys if key not in shared])
    ]
    return "; ".join([f"{some_runs(shared)} of each", *left])


def short(arm: "Arm") -> str:
    """Return the verdict in a few words: on the experiments or, for single runs, on the models."""
    models = arm.verdict.models
    if models is None:
        return outcome(arm.verdict)
    if models.p_corrected > ALPHA:
        return Kind.NOT_SIGNIFICANT
    return f"{'better' if models.only_a_wrong > models.only_b_wrong else 'worse'} (model only)"


def findings(found: "Comparison", arm: "Arm") -> list[str]:
    """Return the verdict, how many images the models disagree on, and other observations about the arm."""
    said = [_verdict_in_comparison(found, arm), *([_disputed(found, arm, arm.disputed)] if arm.disputed else [])]
    return [*said, *observed(arm)]


def observed(side: "Entry") -> list[str]:
    """Return the observations about all runs of a side, each as a sentence about it."""
    return [f"{side.group.name}: {one.text[0].lower()}{one.text[1:]}" for one in side.observations]


def _verdict_in_comparison(found: "Comparison", arm: "Arm") -> str:
    """State the verdict; for single models, McNemar's test comes first, as it answers the question, then its limits."""
    models = arm.verdict.models
    if models is None:
        return verdict(arm.verdict)
    if models.p_corrected > ALPHA:
        said = f"No significant difference between these two models ({mcnemar(models)})."
    else:
        better = arm.group if models.only_a_wrong > models.only_b_wrong else arm.base
        said = f"The model of {better.name} is better on these test images ({mcnemar(models)})."
    said += caution(arm.verdict)
    if not arm.changes and arm.base.fingerprint == arm.group.fingerprint:
        alone = arm.base.seeds != arm.group.seeds and not arm.base.share
        return f"{said} Both have the same configuration{'; only the seed differs' if alone else ''}."
    said += f" One seed allows no verdict on the experiments: at least {arm.verdict.least} are needed."
    return f"{said} Name experiments instead of single runs to compare all their seeds." if found.models_only else said


def _disputed(compared: "Comparison", arm: "Arm", found: "Disputed") -> str:
    base, other = arm.base.name, arm.group.name
    only_base, only_other, alike = len(found.base_errs), len(found.this_errs), found.equally_often
    if found.pairs == 1:
        return (
            f"{count(only_other, 'test image')} {_are(only_other)} misclassified only by {other}, {only_base:,} only "
            f"by {base}, and {alike:,} by both."
        )
    own = "" if compared.section.same_images else f" {OWN_IMAGES}"
    return (
        f"Over {found.pairs} pairs of models, {count(only_other, 'test image')} {_are(only_other)} misclassified more "
        f"often by {other}, {only_base:,} by {base}, and {alike:,} equally often.{own}"
    )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def notes(found: "Comparison") -> list[str]:
    """Return what a reader must know about the numbers."""
    texts = [f"{ACCURACIES} pp: percentage points; x 2.00: twice as much."]
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
    return [*texts, *cautions(found), *reuse(found.section.reuse)]


def cautions(found: "Comparison") -> list[str]:
    """Return warnings about numbers that could be misread."""
    texts = []
    if any(not arm.pairs for arm in found.arms):
        unit = "fold" if found.section.share else "seed"
        texts.append(f"Without a {unit} in common, a difference is that of the means and has no interval.")
    texts += [
        f"{arm.group.name} and {arm.base.name} differ in backend, device, processor or number of threads, so their "
        "times are not comparable."
        for arm in found.arms
        if arm.group.machines != arm.base.machines
    ]
    return texts
