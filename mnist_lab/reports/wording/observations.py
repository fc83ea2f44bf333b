"""Sentences for observations about a single run, and about an experiment compared with others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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


def _points(difference: float) -> str:
    return f"{100 * abs(difference):.2f} pp {'above' if difference >= 0 else 'below'}"


def _gap(f: Facts) -> str:
    numbers = f"({f['training']:.4f} against {f['held_out']:.4f})"
    return f"training accuracy ends {_points(f['training'] - f['held_out'])} {f['name']} {numbers}"


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
    where = f"{f['training']:.4f} in training and {f['held_out']:.4f} in {f['name']}"
    return f"Underfits: accuracy ends at {where}, both below {FITTED}."


def _no_overfitting(f: Facts) -> str:
    text = f"No sign of overfitting: {_gap(f['gap'])}"
    if f["rows"]:
        return f"{text}, which is within chance for {f['rows']} {f['gap']['name']} images."
    return f"{text}, though dropout or augmentation lowers training accuracy." if f["understated"] else f"{text}."


def _improving(f: Facts) -> str:
    fall, change = f"fell {100 * (1 - f['now'] / f['before']):.0f} %", f"from {f['before']:.4f} to {f['now']:.4f}"
    if f["window"] == 1:
        text = f"{f['name']} loss {fall} in the last epoch, {change}"
    else:
        text = f"mean {f['name']} loss {fall} between the last two windows of {f['window']} epochs, {change}"
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
    place = "Agrees with" if low <= theirs <= high else "Above" if theirs < low else "Below"
    where = {"Agrees with": "within", "Above": "below", "Below": "above"}[place]
    return (
        f"{place} the published test accuracy: {numbers}, which lies {where} our {CI} {low:.4f} to {high:.4f} "
        "(one seed)."
    )


def _reference_best(f: Facts) -> str:
    return (
        f"Best test accuracy over the epochs {f['ours']:.4f} (epoch {f['epoch']}) against the published best "
        f"{f['theirs']:.4f}: {_points(f['ours'] - f['theirs'])} (one seed)."
    )


def _selected(f: Facts) -> str:
    end = "" if f["last"] is None else f"; the last epoch's is {f['last']:.4f}"
    return (
        "Selected on the test set: the test images served as validation, so the best epoch's accuracy "
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
    low, high = min(epochs), max(epochs)
    middle = sorted(epochs)[(len(epochs) - 1) // 2]
    return f"epoch {middle}" if low == high else f"epoch {middle} (median; {low} to {high})", _in_runs(len(epochs), of)


def _larger_gap(f: Facts) -> str:
    test, base, biased = f["test"], f["base"], f["biased"]
    seeds = count(len(test.seeds), f"shared {test.unit}")
    if test.too_few:
        text = f"{GAP.capitalize()} {pp(test.paired.mean)} against {base} with {seeds}; at least {test.least} needed."
    elif not test.significant:
        text = f"No significant difference in {GAP} from {base}: {estimate(test)} over {seeds}."
    elif biased:
        text = f"{'Larger' if test.paired.mean > 0 else 'Smaller'} {GAP} than {base}: {estimate(test)} over {seeds}."
    else:
        more = "more" if test.paired.mean > 0 else "less"
        text = f"Overfits {more} than {base}: {GAP} {estimate(test)} over {seeds}."
    return f"{text} {BIASED}" if biased else text


def _onset_in_runs(f: Facts) -> str:
    epoch, runs = _epochs(f["epochs"], f["of"])
    return (
        f"Overfitting sets in at {epoch}{runs}: validation accuracy after it is {f['mean']:.4f} ± "
        f"{f['deviation']:.4f} (mean and standard deviation)."
    )


def _kept(f: Facts) -> str:
    if not f["epochs"]:
        anywhere = f" in any of {f['of']} runs" if f["of"] > 1 else ""
        return f"Validation accuracy does not stay at or above {f['level']:g}{anywhere}."
    epoch, runs = _epochs(f["epochs"], f["of"])
    return f"Validation accuracy stays at or above {f['level']:g} from {epoch} on{runs}."


def _faster(f: Facts) -> str:
    accuracy = "and better" if f["kind"] is Kind.BETTER else "with no significant difference in accuracy"
    return (
        f"Faster than {f['base']} {accuracy}: training takes {100 * (f['seconds'] / f['of']):.0f} % of its time "
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
    "Where overfitting sets in": "overfitting_onset",
    "Not trained to convergence": "still_improving",
    "Epochs to reach a level of accuracy": "stays_above",
    "Faster than the base": "faster",
}
"""Headings of the observations other than verdicts, with the rule of `reports.rules` below each."""
