"""Notes on a report: its extent, how the test images were used, and how to read it."""

from typing import TYPE_CHECKING

from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.paired import FLIPPED
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.wording.numbers import CI, GAP
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.reports.study import Reuse, Study, Unanimous

APART = "Experiments on different data are listed separately and not compared with each other."
NO_TIMES = (
    "There is no Pareto front by training time, as not all runs were trained on the same processor and device with the "
    "same backend and number of threads."
)
OWN_IMAGES = (
    "Each seed was tested on its own subset of the test images (data.test_subset), so the models share no common test "
    "set."
)
ACCURACIES = (
    "Test: accuracy of the saved model. Train: running accuracy of the last epoch. Validation: accuracy after the last "
    f"epoch. Gap: {GAP} (train - validation)."
)
INTERVAL = (
    f"The {CI} of a difference in test accuracy contains every value that the sign-flip test does not reject at the "
    "same corrected level, so it excludes 0 exactly when the verdict is better or worse. With too few seeds for a "
    "verdict there is no interval."
)
SCOPE = "A verdict generalizes to other seeds on the same test images; it does not cover the choice of test images."
PLANNED = (
    "p is valid if the number of seeds was fixed beforehand: adding seeds until p is small enough finds differences "
    "that do not exist."
)
BIASED = (
    "Inconclusive about overfitting: the two differ in dropout layers or augmentation, which bias the gap by "
    "lowering training accuracy."
)
OBSERVED = {
    "Near chance level": "chance_level",
    "Overfitting compared with the base": "gap_against_base",
    "Where overfitting starts": "overfitting_onset",
    "Not trained to convergence": "still_improving",
    "Epochs to reach a level of accuracy": "stays_above",
    "Faster than the base": "faster",
}
"""Headings of the observations other than verdicts, with the rule of `reports.rules` below each."""
_DIFFERENCE = "Difference: test accuracy minus the base's with the same seeds, in percentage points (pp)."
TESTED = (
    f"{_DIFFERENCE} Verdict: paired sign-flip test (exact up to {FLIPPED} seeds; with more, random sign "
    f"combinations) at the level {ALPHA:g}, with Holm's correction over all experiments that share the base."
)
FOLDS = (
    "Cross-validation: differences are of the validation accuracies of the last epoch, fold by fold. The training sets "
    "of the folds overlap, so p and interval are those of Nadeau and Bengio's corrected resampled t-test, with Holm's "
    f"correction at the level {ALPHA:g}. Test accuracies are shown, but not compared."
)
_FOLDS_IN_SHORT = (
    "Difference: validation accuracy minus the base's on the same folds, in percentage points (pp). Interval and "
    f"verdict: corrected resampled t-test at {ALPHA:g}, because folds overlap; Holm-corrected."
)
_MEANS = (
    "Over seeds: Student's 95 % confidence interval of the mean, which covers the choice of seeds. Over test "
    "images: Wilson's at the mean accuracy, which covers the choice of test images. Neither covers both."
)
_TOO_FEW = (
    "The smallest two-sided p of a sign-flip test over n seeds is 2^(1-n), and Holm's correction multiplies it by "
    "the number of experiments with the same base that have not yet been found significant: with too few seeds no "
    "difference, however large, would be significant."
)
_MORE = (
    "About ... more seeds: how many to add so that a paired t-test would detect a difference of this size with 80 % "
    "power (noncentral t, at the level of the current step of Holm's correction). It is an order of magnitude, since "
    "the size is itself an estimate; where it cannot be estimated, no number is given."
)
_MODELS = (
    "McNemar's exact test counts the test images that only one of two models misclassifies. It compares two "
    "trained models, not the experiments: other seeds would give other models."
)


def extent(study: "Study") -> str:
    """Say how much there is: `14 experiments, 140 runs`."""
    text = f"{count(len(study.groups), 'experiment')}, {count(study.runs, 'run')}."
    return f"{text} {APART}" if len(study.sections) > 1 else text


def reuse(found: "Reuse") -> list[str]:
    """Say how often the test images were used, and what was selected on them."""
    scored = (
        "One model was scored on the test images, after training."
        if found.models == 1
        else f"{found.models:,} models were each scored on the test images after training, so the best of these scores "
        "is optimistic."
    )
    watched = [
        f"In {count(found.watched, 'run')} the test images were also the validation images, evaluated after every "
        f"epoch ({count(found.epochs, 'epoch')} in total)"
    ]
    if found.selected:
        watched.append(
            f"{_of(found.selected, found.watched)} the saved weights are those of the epoch that was best on them, so "
            "the test accuracy is optimistic"
        )
    if found.steered:
        watched.append(
            f"{_of(found.steered, found.watched)} they decided when training stopped or the learning rate was reduced"
        )
    if not found.selected:
        watched.append("the saved weights were not selected on them")
    return [scored, f"{'; '.join(watched)}."] if found.watched else [scored]


def _of(some: int, runs: int) -> str:
    if some == runs:
        return "in that run" if runs == 1 else "in both of them" if runs == 2 else "in all of them"
    return f"in {some:,} of them"


def unanimous(found: "Unanimous") -> str:
    """Say how many images every model misclassifies."""
    among = "both models" if found.models == 2 else f"all {found.models:,} models"
    if found.unknown:
        among += f" whose mistakes are recorded (those of {found.unknown:,} more cannot be read)"
    images = len(found.images)
    who = "No image is" if not images else f"{count(images, 'image')} {'is' if images == 1 else 'are'}"
    return f"{who} misclassified by {among}."


def remarks(study: "Study") -> list[str]:
    """Return the brief remarks below the tables in a terminal; explanations are in the report."""
    seeds = [section for section in study.sections if not section.share]
    pairs = [one.paired for section in seeds for one in section.verdicts.values() if one.paired]
    tested = f" Interval and verdict: paired sign-flip test at {ALPHA:g}, Holm-corrected."
    return [
        *([f"{_DIFFERENCE}{tested if any(pair.interval for pair in pairs) else ''}"] if pairs else []),
        *([_FOLDS_IN_SHORT] if any(section.share and section.verdicts for section in study.sections) else []),
        *([APART] if len(study.sections) > 1 else []),
        *([_selection(study)] if any(group.selected_on_test for group in study.groups) else []),
    ]


def notes(study: "Study") -> list[str]:
    """Say how to read a report: what the numbers are, what was selected on the test set, and what verdicts rest on."""
    every = [(section, verdict) for section in study.sections for verdict in section.verdicts.values()]
    found = [verdict for section, verdict in every if not section.share]
    shown = {
        f"{ACCURACIES} Mean ± standard deviation (n - 1) over n runs. Time is per run, including start-up.": True,
        TESTED: bool(found),
        INTERVAL: bool(found),
        SCOPE: bool(found),
        FOLDS: len(found) < len(every),
        "In parentheses after a published accuracy: ours minus the published one, in percentage points.": any(
            value is not None
            for group in study.groups
            for key, value in group.first.published
            if key.endswith("accuracy")
        ),
        _selection(study): True,
        _MEANS: True,
        _TOO_FEW: any(one.kind is Kind.IMPOSSIBLE for one in found),
        _MORE: any(one.more_seeds for one in found),
        PLANNED: any(one.p is not None for _, one in every),
        _MODELS: any(one.models for one in found),
        "Parameters: all, including non-trainable ones.": any(
            size.trainable != size.total for size in (group.first.parameters for group in study.groups)
        ),
        "Bold: bases that are not themselves compared with another experiment.": any(
            group.is_base for group in study.groups
        ),
    }
    return [text for text, applies in shown.items() if applies]


def _selection(study: "Study") -> str:
    selected = sum(group.n for group in study.groups if group.selected_on_test)
    if not selected:
        return "No run used the test images for validation."
    return (
        f"In {selected:,} of {count(study.runs, 'run')} the validation images are the test images, so anything "
        "selected by validation accuracy in these runs is selected on the test set."
    )
