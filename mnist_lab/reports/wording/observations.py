"""Sentences for observations about a single run, and about an experiment compared with others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median_low
from typing import Any

from mnist_lab.analysis import Observation
from mnist_lab.analysis.observations import FITTED
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.reports.wording.numbers import CI, GAP, pp
from mnist_lab.reports.wording.verdicts import estimate
from mnist_lab.text.quantities import count


def observation(one: Observation) -> str:
    """An observation about a single run, as a sentence."""
    return str(one.facts["text"]) if "text" in one.facts else _OF_A_RUN[one.rule](one.facts)


def comparison(one: Observation) -> str:
    """An observation about an experiment compared with others (`rules`), as a sentence."""
    return _BESIDE[one.rule](one.facts)


def stored(observations: Iterable[Observation]) -> list[dict[str, Any]]:
    """Observations of a run as `metrics.json` has them."""
    return [{"rule": one.rule, "text": observation(one), "value": one.value} for one in observations]


Facts = Mapping[str, Any]
"""`Observation.facts`."""


def _beside(difference: float, other: str) -> str:
    """`0.12 pp above validation`, `equal to validation`."""
    if difference == 0:
        return f"equal to {other}"
    size = f"{100 * abs(difference):.2f}"
    size = "less than 0.01" if float(size) == 0 else size
    return f"{size} pp {'above' if difference > 0 else 'below'} {other}"


def _gap(f: Facts) -> str:
    numbers = f"({f['training']:.4f} against {f['held_out']:.4f})"
    return f"training accuracy ends {_beside(f['training'] - f['held_out'], f['name'])} {numbers}"


def _diverged(f: Facts) -> str:
    if "epoch" in f:
        return f"Diverged: {f['loss']} loss is not finite at epoch {f['epoch']}."
    return f"Diverged: training loss rose from {f['first']:.4g} at epoch 1 to {f['last']:.4g} at the end."


def _chance(f: Facts) -> str:
    held_out = "" if f["held_out"] is None else f" and {f['name']} accuracy at {f['held_out']:.4f}"
    return (
        f"Near chance level: training accuracy ends at {f['training']:.4f}{held_out}; guessing gives {f['chance']:.4f}."
    )


def _overfits(f: Facts) -> str:
    parts = [_gap(f["gap"])] if f["gap"] else []
    if "lowest" in f:
        rise = f"rose {100 * f['rise']:.0f} % by epoch {f['epochs']}"
        parts.append(f"{f['loss']} loss was lowest at epoch {f['lowest']} and {rise}")
    return f"Overfits: {'; '.join(parts)}."


def _underfits(f: Facts) -> str:
    where = f"{f['training']:.4f} (training) and {f['held_out']:.4f} ({f['name']})"
    return f"Underfits: accuracy ends at {where}, both below {FITTED}."


def _no_overfitting(f: Facts) -> str:
    text = f"No sign of overfitting: {_gap(f['gap'])}"
    if f["rows"]:
        return f"{text}, which chance could explain with {count(f['rows'], f['gap']['name'] + ' image')}."
    return f"{text}, though dropout or augmentation lowers training accuracy." if f["understated"] else f"{text}."


def _improving(f: Facts) -> str:
    window, fall = f["window"], f"{100 * (1 - f['now'] / f['before']):.0f} %"
    if window == 1:
        text = f"{f['name']} loss fell {fall} in the last epoch, from {f['before']:.4f} to {f['now']:.4f}"
    else:
        text = (
            f"mean {f['name']} loss of the last {window} epochs is {fall} below that of the {window} before "
            f"({f['now']:.4f} against {f['before']:.4f})"
        )
    return f"Still improving at epoch {f['epochs']}: {text}."


def _best(f: Facts) -> str:
    last = "the last has none" if f["last"] is None else f"the last has {f['last']:.4f}"
    end = "the last" if f["epoch"] == f["epochs"] else last
    return f"Best epoch by {f['what']}: {f['epoch']} of {f['epochs']} ({f['best']:.4f}; {end})."


def _reference(f: Facts) -> str:
    ours, theirs, interval = f["ours"], f["theirs"], f["ci"]
    numbers = f"{ours:.4f} against {theirs:.4f}"
    if interval is None:
        place = "Equals" if ours == theirs else "Above" if ours > theirs else "Below"
        return f"{place} the published test accuracy: {numbers}, one seed."
    low, high = interval
    place = "Consistent with" if low <= theirs <= high else "Above" if theirs < low else "Below"
    where = {"Consistent with": "within", "Above": "below", "Below": "above"}[place]
    return (
        f"{place} the published test accuracy: {numbers}, which lies {where} our {CI} {low:.4f} to {high:.4f} "
        "(one seed)."
    )


def _reference_best(f: Facts) -> str:
    return (
        f"Best test accuracy over the epochs: {f['ours']:.4f} (epoch {f['epoch']}), "
        f"{_beside(f['ours'] - f['theirs'], 'the published best')}, {f['theirs']:.4f} (one seed)."
    )


def _selected(f: Facts) -> str:
    end = "" if f["last"] is None else f"; the last epoch's is {f['last']:.4f}"
    return (
        "Validated on the test set: the test images served as validation, so the best epoch's accuracy "
        f"{f['best']:.4f} (epoch {f['epoch']}) is optimistic{end}."
    )


_OF_A_RUN: Mapping[str, Callable[[Facts], str]] = {
    "diverged": _diverged,
    "chance_level": _chance,
    "overfits": _overfits,
    "overfitting_onset": lambda f: (
        "Overfitting starts at epoch {epoch}: {name} accuracy after it is {mean:.4f} ± {deviation:.4f} (mean and "
        "standard deviation of the epochs that follow)."
    ).format(**f),
    "underfits": _underfits,
    "no_overfitting": _no_overfitting,
    "still_improving": _improving,
    "best_epoch": _best,
    "stays_above": lambda f: "{} accuracy stays at or above {level:g} from epoch {epoch} on.".format(
        f["name"].capitalize(), **f
    ),
    "reference": _reference,
    "reference_best": _reference_best,
    "selected_on_test": _selected,
}

UNKNOWN = (
    "Inconclusive about overfitting: without both configurations it is unknown whether dropout or augmentation differ."
)
BIASED = (
    "Inconclusive about overfitting: the two differ in dropout layers or augmentation, which bias the gap by "
    "lowering training accuracy."
)


def _in_runs(runs: int, of: int) -> str:
    """Empty if there is only one run."""
    if of == 1:
        return ""
    return (" in both runs" if of == 2 else f" in all {of} runs") if runs == of else f" in {runs} of {of} runs"


def _epochs(epochs: Sequence[int], of: int) -> tuple[str, str]:
    """`epoch 6 (median; 4 to 8)` and ` in 3 of 5 runs`."""
    low, high, middle = min(epochs), max(epochs), median_low(epochs)
    median = "median" if len(epochs) % 2 else "lower median"
    return f"epoch {middle}" if low == high else f"epoch {middle} ({median}; {low} to {high})", _in_runs(
        len(epochs), of
    )


def _larger_gap(f: Facts) -> str:
    test, base, biased = f["test"], f["base"], f["biased"]
    seeds = count(len(test.seeds), f"shared {test.unit}")
    if test.too_few:
        text = f"{GAP.capitalize()} {pp(test.paired.mean)} against {base} with {seeds}; at least {test.least} needed."
    elif not test.significant:
        text = f"No significant difference in {GAP} from {base}: {estimate(test)} over {seeds}."
    else:
        text = f"{'Larger' if test.paired.mean > 0 else 'Smaller'} {GAP} than {base}: {estimate(test)} over {seeds}."
    return f"{text} {UNKNOWN}" if biased is None else f"{text} {BIASED}" if biased else text


def _onset_in_runs(f: Facts) -> str:
    epoch, runs = _epochs(f["epochs"], f["of"])
    return (
        f"Overfitting starts at {epoch}{runs}: {f['name']} accuracy after it is {f['mean']:.4f} ± "
        f"{f['deviation']:.4f} (mean and standard deviation)."
    )


def _kept(f: Facts) -> str:
    name = f["name"].capitalize()
    if not f["epochs"]:
        anywhere = "" if f["of"] == 1 else " in either run" if f["of"] == 2 else f" in any of the {f['of']} runs"
        return f"{name} accuracy does not stay at or above {f['level']:g}{anywhere}."
    epoch, runs = _epochs(f["epochs"], f["of"])
    return f"{name} accuracy stays at or above {f['level']:g}{runs}, from {epoch} on."


def _faster(f: Facts) -> str:
    accuracy = "and more accurate" if f["kind"] is Kind.BETTER else "with no significant difference in accuracy"
    return (
        f"Faster than {f['base']} {accuracy}: training takes {100 * (f['seconds'] / f['of']):.0f} % as long "
        f"({f['seconds']:.1f} s against {f['of']:.1f} s)."
    )


_BESIDE: Mapping[str, Callable[[Facts], str]] = {
    "chance_level": lambda f: f"Near chance level{_in_runs(f['runs'], f['of'])}.",
    "gap_against_base": _larger_gap,
    "overfitting_onset": _onset_in_runs,
    "still_improving": lambda f: f"Still improving at the end{_in_runs(f['runs'], f['of'])}.",
    "stays_above": _kept,
    "faster": _faster,
}

OBSERVED = {
    "Near chance level": "chance_level",
    "Overfitting compared with the base": "gap_against_base",
    "Where overfitting starts": "overfitting_onset",
    "Not trained to convergence": "still_improving",
    "Epochs to reach a level of accuracy": "stays_above",
    "Faster than the base": "faster",
}
"""Headings of the observations other than verdicts, with the rule of `reports.rules` below each."""
