"""What a comparison says in sentences and cells; `compare.md` and the terminal show the same."""

from collections.abc import Sequence

from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.wording import correction, count, p_value
from mnist_lab.report.columns import spread, verdict
from mnist_lab.report.comparison.comparison import Arm, Comparison
from mnist_lab.report.comparison.metrics import TEST, TIME, accuracy_interval
from mnist_lab.report.digest import looks
from mnist_lab.report.grouping import same_test_images
from mnist_lab.report.verdict_words import INTERVAL, OWN_IMAGES, PLANNED, SCOPE


def heading(arm: Arm) -> str:
    """`nodes_1024 against mlp_512`."""
    return f"{arm.entry.group.name} against {arm.entry.group.base}"


def seeds(comparison: Comparison, arm: Arm) -> str:
    """Which runs the numbers are of."""
    base, other = comparison.base.group, arm.entry.group
    if comparison.models_only:
        if base.seeds == other.seeds:
            return f"seed {base.seeds[0]}, one run each"
        return f"one run each, seed {base.seeds[0]} and seed {other.seeds[0]}"
    if not arm.pairs:
        return f"none in common: {_listed(base.seeds)} and {_listed(other.seeds)}"
    shared = [seed for seed in base.seeds if seed in other.seeds]
    left = [
        f"{group.name} also has {_listed([seed for seed in group.seeds if seed not in shared])}"
        for group in (base, other)
        if set(group.seeds) - set(shared)
    ]
    return "; ".join([f"{_listed(shared)}, in both", *left])


def cells(arm: Arm) -> list[tuple[str, str, str, str, str]]:
    """A row for each metric: what it is, the base, the other, the difference and its interval."""
    found = []
    for row in arm.rows:
        found.append(
            (row.metric.label, row.text(row.base), row.text(row.other), row.difference_text, row.interval_text)
        )
        if row.metric is TEST:
            images = arm.entry.group.data.test_images
            ends = [
                "{:.4f} to {:.4f}".format(*accuracy_interval(side, images)) if side else ""
                for side in (row.base, row.other)
            ]
            found.append(("  interval", ends[0], ends[1], "", ""))
    return found


def overview(comparison: Comparison) -> list[tuple[str, str, str, str, str, str]]:
    """A row for each side: its name, what it changes, test accuracy, difference, interval and verdict."""
    base = comparison.base.group
    rows = [(base.name, "", spread(base.test), "", "", "")]
    for arm in comparison.arms:
        group, test = arm.entry.group, next(row for row in arm.rows if row.metric is TEST)
        rows.append(
            (group.name, group.changed, spread(group.test), test.difference_text, test.interval_text, _short(arm))
        )
    return rows


def findings(comparison: Comparison, arm: Arm) -> list[str]:
    """The verdict, what tells the models apart, and what else is seen of the arm."""
    texts = [_verdict(comparison, arm)]
    if arm.disputed:
        texts.append(_disputed(comparison, arm))
    return texts + [observation.text for observation in arm.entry.observations]


def of_the_base(comparison: Comparison) -> list[str]:
    """What is seen of the base."""
    return [f"{comparison.base.group.name}: {observation.text}" for observation in comparison.base.observations]


def notes(comparison: Comparison) -> list[str]:
    """What a reader must know about the numbers."""
    texts = [
        "Accuracies: test is of the saved model, train is the running accuracy of the last epoch, validation is of the "
        "last epoch, gap is train less validation. Points are hundredths of accuracy; x 2.00 means twice as much. Time "
        "is that of the epochs, FLOPs are those of the training."
    ]
    several = [arm for arm in comparison.arms if arm.pairs > 1]
    single = [arm for arm in comparison.arms if arm.pairs == 1]
    if several:
        texts.append(
            "Over seeds: mean ± standard deviation (n - 1), Student's interval of the mean, and the mean difference of "
            "runs with the same seed with the 95 % confidence interval that inverts the sign-flip test, from six seeds "
            "on. The verdict and the interval of the test accuracy, and what is said of the gap, are corrected by "
            "Holm's method for all experiments that these results compare with the same base; the other intervals are "
            "not corrected."
        )
        texts += [INTERVAL, SCOPE, PLANNED]
    if single:
        texts.append(
            "Of single models the intervals are for another choice of as many test images: Wilson's of the accuracy; "
            "of the difference that of Fay and Lumbard, which goes with McNemar's exact test and is corrected like it. "
            "They say nothing about other seeds."
        )
    if any(not arm.pairs for arm in comparison.arms):
        texts.append("Without a seed in common a difference is that of the means, and has no interval.")
    for arm in comparison.arms:
        time = next((row for row in arm.rows if row.metric is TIME), None)
        if time and time.difference is None and time.base and time.other:
            texts.append(
                f"{arm.entry.group.name} was trained on another machine, device or number of threads than "
                f"{comparison.base.group.name}: their times cannot be compared."
            )
    return [*texts, *looks(comparison.looks)]


def _short(arm: Arm) -> str:
    """The verdict in a few words: on the experiments, or of single models on these."""
    found = arm.entry.verdict
    if found is None or found.models is None or found.models_p is None:
        return verdict(found)
    if found.models_p > ALPHA:
        return "no detectable difference"
    return f"this model {'better' if found.models.only_a_wrong > found.models.only_b_wrong else 'worse'}"


def _verdict(comparison: Comparison, arm: Arm) -> str:
    """Of single models McNemar's test first, for that is what the reader asked; then what it does not say."""
    found = arm.entry.verdict
    if found is None:
        return ""
    models = found.models
    if models is None or found.models_p is None:
        return found.text
    name, base = arm.entry.group.name, comparison.base.group.name
    tested = f"McNemar's exact {p_value(found.models_p)} ({correction(found.models_compared)})"
    if found.models_p > ALPHA:
        said = f"No detectable difference between these two models: {tested}."
    else:
        better = name if models.only_a_wrong > models.only_b_wrong else base
        said = f"Of these two models that of {better} is better on these test images: {tested}."
    if found.caution:
        said += f" {found.caution}"
    if not arm.changes and comparison.base.group.fingerprint == arm.entry.group.fingerprint:
        return f"{said} They have the same configuration."
    return f"{said} About the experiments nothing can be said with one seed: at least {found.least} needed."


def _disputed(comparison: Comparison, arm: Arm) -> str:
    found, base, other = arm.disputed, arm.entry.group.base, arm.entry.group.name
    if found is None:
        return ""
    only_base, only_other = len(found.base_errs), len(found.other_errs)
    if found.pairs == 1:
        return (
            f"{count(only_other, 'test image')} only {other} gets wrong, {only_base:,} only {base}, "
            f"{found.alike:,} both."
        )
    own = "" if same_test_images(comparison.groups) else f" {OWN_IMAGES}"
    return (
        f"Over {found.pairs} pairs of models {count(only_other, 'test image')} {_is_are(only_other)} wrong more often "
        f"in {other}, {only_base:,} in {base}, and {found.alike:,} equally often.{own}"
    )


def _is_are(number: int) -> str:
    return "is" if number == 1 else "are"


def _listed(some: Sequence[int]) -> str:
    """`seed 4`, `seeds 1 to 10`, `seeds 1, 3, 7`."""
    if len(some) == 1:
        return f"seed {some[0]}"
    if len(some) > 2 and list(some) == list(range(some[0], some[-1] + 1)):
        return f"seeds {some[0]} to {some[-1]}"
    return f"seeds {', '.join(map(str, some))}"
