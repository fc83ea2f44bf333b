"""Every sentence and every term for results; tables, figures, pages and documents take them from here.

Accuracies are written as fractions of 1 with four decimals, differences of accuracies in percentage points (pp) with
two. One outcome has one name: *better*, *worse*, *no detectable difference*, *too few seeds*.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_lab.analysis import Observation
from mnist_lab.analysis.family import Tested
from mnist_lab.analysis.holm import ALPHA
from mnist_lab.analysis.observations import FITTED
from mnist_lab.analysis.paired import FLIPPED
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.reports.runs import NOT_RUN, UNREADABLE, Spread
from mnist_lab.text.quantities import count, duration

if TYPE_CHECKING:
    from mnist_lab.reports.compare import Arm, Comparison
    from mnist_lab.reports.study import Entry, Published, Reuse, Section, Study, Unanimous

CI = "95 % confidence interval"
GAP = "generalization gap"


# Numbers


def signed(value: float, digits: int = 2) -> str:
    """`+0.11`: decimals and a sign, but none before zero."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def pp(difference: float) -> str:
    """A difference of accuracies: `+0.11 pp`."""
    return f"{signed(100 * difference)} pp"


def ends(interval: tuple[float, float] | None) -> str:
    """Of an interval of accuracies: `0.9767 to 0.9823`; empty for None."""
    return "{:.4f} to {:.4f}".format(*interval) if interval else ""


def ends_pp(interval: tuple[float, float] | None) -> str:
    """Of an interval of a difference, in percentage points: `+0.02 to +0.20`; empty for None."""
    return " to ".join(signed(100 * end) for end in interval) if interval else ""


def p_value(p: float) -> str:
    """`p = .031`, `p < .001`, `p = 1`; `p = .0502` where three decimals would not show on which side of .05 it lies."""
    if p < 0.001:
        return "p < .001"
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    digits = 3
    while (float(text) > ALPHA) != (p > ALPHA) and digits < 6:
        digits += 1
        text = f"{p:.{digits}f}"
    return "p = 1" if float(text) == 1 else f"p = {text.removeprefix('0')}"


def correction(comparisons: int) -> str:
    """What p and interval are corrected for."""
    return "uncorrected, one comparison" if comparisons == 1 else f"corrected for {comparisons:,} comparisons"


def estimate(test: Tested) -> str:
    """A difference with what decides whether it is more than chance.

    `+0.11 pp (95 % confidence interval +0.02 to +0.20, p = .023; corrected for 12 comparisons)`
    """
    if test.paired is None or test.p is None:
        return ""
    told = [f"{CI} {ends_pp(test.paired.interval)}"] if test.paired.interval else []
    return f"{pp(test.paired.mean)} ({', '.join([*told, p_value(test.p)])}; {correction(test.arms)})"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; empty for none."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last


def mean(numbers: Spread | None, digits: int = 4, sign: str = "") -> str:
    """`0.9807`; empty for None."""
    return f"{numbers.mean:{sign}.{digits}f}" if numbers else ""


def deviation(numbers: Spread | None, digits: int = 4) -> str:
    """`± 0.0011`; empty for a single seed."""
    return "" if numbers is None or numbers.deviation is None else f"± {numbers.deviation:.{digits}f}"


def spread(numbers: Spread | None, digits: int = 4, sign: str = "") -> str:
    """`0.9807 ± 0.0011`: mean and, of several seeds, sample standard deviation; empty for None."""
    return f"{mean(numbers, digits, sign)} {deviation(numbers, digits)}".strip()


def amount(cost: float, unit: str = "") -> str:
    """What something costs: `45.3 s` if the unit is `s`, else `669,706` or `1.93e+12`."""
    if unit == "s":
        return duration(cost)
    return f"{cost:,.0f}" if cost < 1e9 else f"{cost:.3g}"


def as_published(found: "Published") -> str:
    """`0.9918`, or `best 0.9918`; empty if it was not published."""
    return "" if found.accuracy is None else f"{'best ' if found.best else ''}{found.accuracy:.4f}"


def some_seeds(seeds: Sequence[int]) -> str:
    """`seed 4`, `seeds 1 to 10`, `seeds 1, 3, 7`."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds))}"


# Verdicts


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


VERDICTS: Mapping[Kind, Words] = {
    Kind.BETTER: Words("better", "Better", "Better than", "helped"),
    Kind.WORSE: Words("worse", "Worse", "Worse than", "hurt"),
    Kind.UNDETECTED: Words(
        "no detectable difference",
        "No detectable difference",
        "No detectable difference from",
        "made no detectable difference",
    ),
    Kind.IMPOSSIBLE: Words(
        "too few seeds", "Too few seeds", "Too few seeds to reach significance against", "had too few seeds"
    ),
}
"""In the order in which they are shown."""


def short(found: Verdict | None) -> str:
    """A verdict in a word or two."""
    return VERDICTS[found.kind].short if found else ""


def verdict(found: Verdict) -> str:
    """In one or more sentences, with the numbers."""
    return f"{_verdict(found)}{_of_models(found)}{outlook(found)}{caution(found)}"


def _verdict(found: Verdict) -> str:
    words, pair = VERDICTS[found.kind], found.paired
    if pair is None:
        return f"{words.heading}: no seed in common with the base; at least {found.least} needed."
    if found.kind is Kind.IMPOSSIBLE:
        return (
            f"{words.heading}: {pp(pair.mean)} with {count(pair.n, 'seed')}; a verdict and a "
            f"confidence interval need at least {found.least}."
        )
    return f"{words.heading}: {estimate(found)} over {count(pair.n, 'shared seed')}."


def sureness(found: Verdict) -> str:
    """How sure a difference is, in brief, where it stands beside this already."""
    if found.paired is None:
        return f"No seed in common with the base; at least {found.least} needed."
    seeds = count(found.paired.n, "seed")
    if found.kind is Kind.IMPOSSIBLE or found.p is None:
        return f"{seeds}; at least {found.least} needed for a verdict.{_of_models(found)}{caution(found)}"
    interval = f"{ends_pp(found.paired.interval)}, " if found.paired.interval else ""
    return f"{interval}{p_value(found.p)}, {seeds}, {correction(found.arms)}.{outlook(found)}{caution(found)}"


def outlook(test: Tested) -> str:
    """What more seeds would do, as a sentence after another; empty if that is not known."""
    if not test.more_seeds:
        return ""
    return f" Detecting a difference of this size would take about {count(test.more_seeds, 'more seed')}."


def caution(found: Verdict) -> str:
    """Which of the two the test images chose, as a sentence after another; empty if they chose both or neither."""
    if found.chosen_on_test is None:
        return ""
    whose = "this experiment's" if found.chosen_on_test == "arm" else "the base's"
    return (
        f" Only {whose} weights were chosen on the test images (those of the epoch that was best on them), so its "
        "accuracy is optimistic and the difference biased in its favour."
    )


def mcnemar(found: Verdict) -> str:
    """`McNemar's exact test, p = .014; uncorrected, one comparison`."""
    return f"McNemar's exact test, {p_value(found.models_p or 0.0)}; {correction(found.models_compared)}"


def _of_models(found: Verdict) -> str:
    """McNemar's test is about two sets of weights, so it is not to sound like a claim about the experiments."""
    if not found.models or found.models_p is None:
        return ""
    return (
        f" These two models (not the experiments): {count(found.models.only_b_wrong, 'test image')} misclassified only "
        f"by this one, {found.models.only_a_wrong:,} only by the base's ({mcnemar(found)})."
    )


def digest(section: "Section") -> list[str]:
    """The verdicts by base and kind, a line each: first what helped, then what hurt, then what is not known."""
    lines = [line for base, entries in section.families.items() for line in _family(base, entries, section.names)]
    apart = [entry.group for entry in section.entries if entry.group.base and not entry.base]
    if elsewhere := [section.names[group.name] for group in apart if group.changed not in (NOT_RUN, UNREADABLE)]:
        lines.append(f"No verdict on {listed(elsewhere)}: the base was trained or tested on other data.")
    return lines


def _family(base: str, entries: Sequence["Entry"], names: Mapping[str, str]) -> list[str]:
    known = [(names[entry.group.name], entry.verdict) for entry in ranked(entries) if entry.verdict]
    lines = [
        f"{VERDICTS[kind].against} {base}: {'; '.join(some)}."
        for kind in (Kind.BETTER, Kind.WORSE, Kind.UNDETECTED)
        if (some := [f"{name} {_in_brief(found)}" for name, found in known if found.kind is kind])
    ]
    undecided: dict[tuple[int, int], list[str]] = {}
    for name, found in known:
        if found.kind is Kind.IMPOSSIBLE:
            so_far = f" {signed(100 * found.paired.mean)}" if found.paired else ""
            undecided.setdefault((len(found.seeds), found.least), []).append(f"{name}{so_far}")
    for (n, least), some in undecided.items():
        seeds = count(n, "shared seed") if n else "no shared seed"
        so_far = f" So far: {'; '.join(some)}." if n else f" Without: {', '.join(some)}."
        lines.append(f"{VERDICTS[Kind.IMPOSSIBLE].against} {base}: {seeds}, at least {least} needed.{so_far}")
    if models := [(name, found) for name, found in known if found.models and found.models_p is not None]:
        lines.append(_single_models(base, models))
    for side in ("arm", "base"):
        if some := [name for name, found in known if found.chosen_on_test == side]:
            whose = "their own weights were" if side == "arm" else "its weights were"
            lines.append(
                f"Biased comparison: {listed(some)} against {base}, where only {whose} chosen on the test images."
            )
    return lines


def ranked(entries: Iterable["Entry"]) -> list["Entry"]:
    """The largest difference from the base first."""

    def size(entry: "Entry") -> float:
        pair = entry.verdict and entry.verdict.paired
        return abs(pair.mean) if pair else -1.0

    return sorted(entries, key=size, reverse=True)


def _in_brief(found: Verdict) -> str:
    """`+0.15 (+0.08 to +0.22, p = .023)`: in percentage points; p and interval corrected."""
    pair = found.paired
    if pair is None or found.p is None:
        return ""
    more = [ends_pp(pair.interval), p_value(found.p)]
    if found.more_seeds:
        more.append(f"about {count(found.more_seeds, 'more seed')} needed")
    return f"{signed(100 * pair.mean)} ({', '.join(filter(None, more))})"


def _single_models(base: str, known: Sequence[tuple[str, Verdict]]) -> str:
    apart = [(name, v.models) for name, v in known if v.models and v.models_p is not None and v.models_p <= ALPHA]
    more = [name for name, models in apart if models.only_b_wrong > models.only_a_wrong]
    fewer = [name for name, models in apart if models.only_b_wrong < models.only_a_wrong]
    found = [f"{what} in {', '.join(names)}" for what, names in (("more", more), ("fewer", fewer)) if names]
    if rest := len(known) - len(apart):
        found.append(f"no detectable difference in {f'the other {rest}' if apart else rest}")
    return (
        f"Mistakes of these single models compared with {base} (McNemar's exact test; does not generalize to other "
        f"seeds): {'; '.join(found)}."
    )


def lead(section: "Section") -> str:
    """How many changes helped, hurt or neither, and what it takes to judge the rest."""
    found = list(section.verdicts.values())
    counts = {kind: sum(one.kind is kind for one in found) for kind in VERDICTS}
    told = [f"{n} {VERDICTS[kind].did}" for kind, n in counts.items() if n and kind is not Kind.IMPOSSIBLE]
    sentences = [f"Of {count(len(found), 'change')}, {listed(told)}."] if told else []
    few = [one for one in found if one.kind is Kind.IMPOSSIBLE and one.seeds]
    alone = [one for one in found if one.kind is Kind.IMPOSSIBLE and not one.seeds]
    if few:
        least = sorted({one.least for one in few})
        needed = f"{least[0]} are" if len(least) == 1 else f"{least[0]} to {least[-1]} are"
        subject = _subject(len(few), len(found), told=bool(told))
        has = "has" if len(few) == 1 else "have"
        sentences.append(f"{subject} {has} too few seeds for a verdict: {needed} needed.")
    if alone:
        subject = _subject(len(alone), len(found), told=bool(told or few))
        sentences.append(f"{subject} {'has' if len(alone) == 1 else 'have'} no seed in common with the base.")
    return " ".join(sentences)


def remarks(study: "Study") -> list[str]:
    """The brief remarks below the tables in a terminal; explanations are in the report."""
    return [
        *([legend] if (legend := _legend(study)) else []),
        *([APART] if len(study.sections) > 1 else []),
        *([_selection(study)] if any(group.selected_on_test for group in study.groups) else []),
    ]


def _legend(study: "Study") -> str:
    """What a difference and a verdict are; empty if there are none."""
    verdicts = [verdict for section in study.sections for verdict in section.verdicts.values() if verdict.paired]
    if not verdicts:
        return ""
    bases = {base for section in study.sections for base in section.families}
    numbers = {len(verdict.seeds) for verdict in verdicts}
    base = bases.pop() if len(bases) == 1 else "the base"
    seeds = f"same {count(numbers.pop(), 'seed')}" if len(numbers) == 1 else "same seeds"
    text = f"Difference: test accuracy minus that of {base} with the {seeds}, in percentage points."
    if not any(verdict.paired and verdict.paired.interval for verdict in verdicts):
        return text
    return f"{text} Interval and verdict: paired sign-flip test at {ALPHA:g}, Holm-corrected."


def _subject(number: int, total: int, *, told: bool) -> str:
    if number == total:
        return {1: "The one change", 2: "Both changes"}.get(number, f"All {number} changes")
    return f"The other {'one' if number == 1 else number}" if told else f"Of {total} changes, {number}"


# Observations


def observation(one: Observation) -> str:
    """An observation about a single run, as a sentence."""
    return str(one.facts["text"]) if "text" in one.facts else _OF_A_RUN[one.rule](one)


def comparison(one: Observation) -> str:
    """An observation about an experiment compared with others (`rules`), as a sentence."""
    return _BESIDE[one.rule](one)


def stored(observations: Iterable[Observation]) -> list[dict[str, Any]]:
    """Observations of a run as `metrics.json` has them."""
    return [{"rule": one.rule, "text": observation(one), "value": one.value} for one in observations]


def _points(difference: float) -> str:
    return f"{100 * abs(difference):.2f} pp {'above' if difference >= 0 else 'below'}"


def _gap(accuracies: Mapping[str, Any]) -> str:
    training, other = accuracies["training"], accuracies["held_out"]
    numbers = f"({training:.4f} against {other:.4f})"
    return f"training accuracy ends {_points(training - other)} {accuracies['name']} {numbers}"


def _diverged(one: Observation) -> str:
    f = one.facts
    if "epoch" in f:
        return f"Diverged: {f['loss']} loss is not finite at epoch {f['epoch']}."
    return f"Diverged: training loss rose from {f['first']:.4g} at epoch 1 to {f['last']:.4g} at the end."


def _chance(one: Observation) -> str:
    f = one.facts
    held_out = "" if f["held_out"] is None else f" and {f['name']} accuracy at {f['held_out']:.4f}"
    return (
        f"Learned next to nothing: training accuracy ends at {f['training']:.4f}{held_out}; guessing gives "
        f"{f['chance']:.4f}."
    )


def _overfits(one: Observation) -> str:
    f = one.facts
    parts = [_gap(f["gap"])] if f["gap"] else []
    if "lowest" in f:
        rise = f"rose {100 * f['rise']:.0f} % by epoch {f['epochs']}"
        parts.append(f"{f['loss']} loss was lowest at epoch {f['lowest']} and {rise}")
    return f"Overfits: {'; '.join(parts)}."


def _onset(one: Observation) -> str:
    f = one.facts
    return (
        f"Overfitting starts at epoch {f['epoch']}: {f['name']} accuracy after it is {f['mean']:.4f} ± "
        f"{f['deviation']:.4f} (mean and standard deviation of the epochs that follow)."
    )


def _underfits(one: Observation) -> str:
    f = one.facts
    where = f"{f['training']:.4f} in training and {f['held_out']:.4f} in {f['name']}"
    return f"Underfits: accuracy ends at {where}, both below {FITTED}."


def _no_overfitting(one: Observation) -> str:
    f = one.facts
    text = f"No overfitting seen: {_gap(f['gap'])}"
    if f["rows"]:
        return f"{text}, which is within chance for {f['rows']} {f['gap']['name']} images."
    return f"{text}, though dropout or augmentation lowers training accuracy." if f["understated"] else f"{text}."


def _improving(one: Observation) -> str:
    f = one.facts
    fall, change = f"fell {100 * (one.value or 0):.0f} %", f"from {f['before']:.4f} to {f['now']:.4f}"
    if f["window"] == 1:
        text = f"{f['name']} loss {fall} in the last epoch, {change}"
    else:
        text = f"mean {f['name']} loss {fall} between the last two windows of {f['window']} epochs, {change}"
    return f"Still improving at epoch {f['epochs']}: {text}."


def _best(one: Observation) -> str:
    f = one.facts
    last = "the last has none" if f["last"] is None else f"the last has {f['last']:.4f}"
    end = "the last" if f["epoch"] == f["epochs"] else last
    return f"Best epoch by {f['what']}: {f['epoch']} of {f['epochs']} ({f['best']:.4f}; {end})."


def _settled(one: Observation) -> str:
    f = one.facts
    return f"{f['name'].capitalize()} accuracy stays at or above {f['level']:g} from epoch {f['epoch']} on."


def _reference(one: Observation) -> str:
    f = one.facts
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


def _reference_best(one: Observation) -> str:
    f = one.facts
    return (
        f"Best test accuracy over the epochs {f['ours']:.4f} (epoch {f['epoch']}) against the published best "
        f"{f['theirs']:.4f}: {_points(f['ours'] - f['theirs'])} (one seed)."
    )


def _selected(one: Observation) -> str:
    f = one.facts
    end = "" if f["last"] is None else f"; the last epoch's is {f['last']:.4f}"
    return (
        "Selected on the test set: the test images served as validation, so the best epoch's accuracy "
        f"{f['best']:.4f} (epoch {f['epoch']}) is optimistic{end}."
    )


_OF_A_RUN: Mapping[str, Callable[[Observation], str]] = {
    "diverged": _diverged,
    "chance_level": _chance,
    "overfits": _overfits,
    "overfitting_onset": _onset,
    "underfits": _underfits,
    "no_overfitting": _no_overfitting,
    "still_improving": _improving,
    "best_epoch": _best,
    "stays_above": _settled,
    "reference": _reference,
    "reference_best": _reference_best,
    "selected_on_test": _selected,
}

BIASED = (
    "Inconclusive about overfitting: the two differ in dropout or augmentation, which bias the gap by lowering "
    "training accuracy."
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


def _larger_gap(one: Observation) -> str:
    test, base, biased = one.facts["test"], one.facts["base"], one.facts["biased"]
    seeds = count(len(test.seeds), "shared seed")
    if test.too_few:
        text = f"{GAP.capitalize()} {pp(test.paired.mean)} against {base} with {seeds}; at least {test.least} needed."
    elif not test.significant:
        text = f"No detectable difference in {GAP} from {base}: {estimate(test)} over {seeds}."
    elif biased:
        text = f"{'Larger' if test.paired.mean > 0 else 'Smaller'} {GAP} than {base}: {estimate(test)} over {seeds}."
    else:
        more = "more" if test.paired.mean > 0 else "less"
        text = f"Overfits {more} than {base}: {GAP} {estimate(test)} over {seeds}."
    return f"{text} {BIASED}" if biased else text


def _onset_in_runs(one: Observation) -> str:
    f = one.facts
    epoch, runs = _epochs(f["epochs"], f["of"])
    return (
        f"Overfitting sets in at {epoch}{runs}: validation accuracy after it is {f['mean']:.4f} ± "
        f"{f['deviation']:.4f} (mean and standard deviation)."
    )


def _undertrained(one: Observation) -> str:
    f = one.facts
    return (
        f"Undertrained compared with the others: still improving at the end{_in_runs(f['runs'], f['of'])}, as "
        f"{f['also']} of the {f['others']} others were, and validation accuracy {f['accuracy']:.4f} is below their "
        f"median {f['typical']:.4f}."
    )


def _kept(one: Observation) -> str:
    f = one.facts
    if not f["epochs"]:
        anywhere = f" in any of {f['of']} runs" if f["of"] > 1 else ""
        return f"Validation accuracy does not stay at or above {f['level']:g}{anywhere}."
    epoch, runs = _epochs(f["epochs"], f["of"])
    return f"Validation accuracy stays at or above {f['level']:g} from {epoch} on{runs}."


def _faster(one: Observation) -> str:
    f = one.facts
    accuracy = "and better" if f["kind"] is Kind.BETTER else "with no detectable difference in accuracy"
    return (
        f"Faster than {f['base']} {accuracy}: training takes {100 * (one.value or 0):.0f} % of its time "
        f"({f['seconds']:.1f} s against {f['of']:.1f} s)."
    )


_BESIDE: Mapping[str, Callable[[Observation], str]] = {
    "chance_level": lambda one: f"Learned next to nothing{_in_runs(one.facts['runs'], one.facts['of'])}.",
    "gap_against_base": _larger_gap,
    "overfitting_onset": _onset_in_runs,
    "still_improving": lambda one: f"Still improving at the end{_in_runs(one.facts['runs'], one.facts['of'])}.",
    "undertrained": _undertrained,
    "stays_above": _kept,
    "faster": _faster,
}

OBSERVED = {
    "Learned nothing": ("chance_level",),
    "Overfitting compared with the base": ("gap_against_base",),
    "Where overfitting sets in": ("overfitting_onset",),
    "Not trained to convergence": ("undertrained", "still_improving"),
    "Epochs to reach a level of accuracy": ("stays_above",),
    "Faster than the base": ("faster",),
}
"""Headings of the observations other than verdicts, with the rules of `report.rules` below each."""


# What a report says besides

APART = "Experiments on different data are listed separately and not compared with each other."
NO_TIMES = (
    "There is no Pareto front by training time: not all runs were trained on the same machine, device and number of "
    "threads with the same backend."
)
OWN_IMAGES = (
    "Each seed was tested on its own subset of the test images (data.test_subset), so the models share no common test "
    "set."
)
BOLD = "Bold: experiments that others are compared with."
INTERVAL = (
    f"The {CI} of a difference contains every difference that the sign-flip test does not reject at the same corrected "
    "level, so it excludes 0 exactly if the verdict is better or worse. With too few seeds for a verdict there is no "
    "interval."
)
SCOPE = "A verdict generalizes to other seeds on the same test images; it does not cover the choice of test images."
PLANNED = (
    "p is valid if the number of seeds was fixed beforehand: adding seeds until p is small enough finds differences "
    "that do not exist."
)


def extent(study: "Study") -> str:
    """How much there is: `14 experiments, 140 runs`."""
    text = f"{count(len(study.groups), 'experiment')}, {count(study.runs, 'run')}."
    return f"{text} {APART}" if len(study.sections) > 1 else text


def reuse(found: "Reuse") -> list[str]:
    """How often the test images were used, and what was chosen by them."""
    if found.models == 1:
        text = "One model was scored on the test images, after its training."
    else:
        text = (
            f"{found.models:,} models were scored on the test images, each after its training; the best of several "
            "has an optimistic score."
        )
    if not found.watched:
        return [text]
    watched = (
        f"In {count(found.watched, 'run')} they also served as validation images, after every epoch "
        f"({found.epochs:,} in all)"
    )
    if found.selected:
        watched += (
            f"; in {found.selected:,} of them the saved weights are those of the epoch that was best on them, so their "
            "test accuracy is optimistic"
        )
    if found.steered:
        watched += f"; in {found.steered:,} of them they decided when training stopped or the learning rate was reduced"
    if not found.selected:
        watched += "; the saved weights are those of the last epoch"
    return [text, f"{watched}."]


def unanimous(found: "Unanimous") -> str:
    """How many images every model misclassifies."""
    among = f"all {found.models:,} models"
    if found.unknown:
        among += f" whose mistakes are recorded ({found.unknown:,} more have no readable record)"
    return f"{count(len(found.images), 'image') if found.images else 'None'} misclassified by {among}."


def notes(study: "Study", headings: Collection[str]) -> list[str]:
    """How to read a report: what the numbers are, what was selected on, and what the verdicts rest on.

    Args:
        study: what is reported.
        headings: of the columns that are shown.
    """
    found = [verdict for section in study.sections for verdict in section.verdicts.values()]
    texts = [_columns(headings)]
    if found:
        texts.append(
            "Difference: test accuracy minus the base's with the same seeds, in percentage points (pp). Verdict: "
            f"paired sign-flip test (exact up to {FLIPPED} seeds, with random sign combinations beyond) at the level "
            f"{ALPHA:g}, with Holm's correction over all experiments that share the base."
        )
        texts += [INTERVAL, SCOPE]
    if {"Published train", "Published test"} & set(headings):
        texts.append("In parentheses after a published accuracy: ours minus the published one, in percentage points.")
    texts.append(_selection(study))
    texts.append(
        "Over seeds: Student's 95 % confidence interval of the mean, which covers the choice of seeds. Over test "
        "images: Wilson's at the mean accuracy, which covers the choice of test images. Neither covers both."
    )
    texts += _few_seeds(study)
    if any(one.more_seeds for one in found):
        texts.append(
            "More seeds needed: the number with which a paired t-test would detect a difference of this size with "
            "80 % power (noncentral t, at the level of the current step of Holm's correction). It is an order of "
            "magnitude, since the size is itself an estimate; where it cannot be estimated, no number is given."
        )
    if any(one.p is not None for one in found):
        texts.append(PLANNED)
    if any(one.models for one in found):
        texts.append(
            "McNemar's exact test counts the test images that only one of two models misclassifies. It compares two "
            "trained models, not the experiments: other seeds would give other models."
        )
    return [*texts, BOLD] if any(group.is_base for group in study.groups) else texts


def _columns(headings: Collection[str]) -> str:
    meanings = {
        "Train": "train is the running accuracy of the last epoch",
        "Validation": "validation is of the last epoch",
        "Test": "test is of the saved model",
        "Gap": f"gap is the {GAP} (train - validation)",
    }
    what = ", ".join(text for heading, text in meanings.items() if heading in headings)
    text = f"Accuracies: {what}; mean ± standard deviation (n - 1) over n seeds."
    return f"{text} Time is per run, including start-up." if "Time" in headings else text


def _selection(study: "Study") -> str:
    selected = sum(group.n for group in study.groups if group.selected_on_test)
    if not selected:
        return "In none of the runs were the test images used for validation."
    return (
        f"In {selected} of {study.runs} {'run' if study.runs == 1 else 'runs'} the validation images are the test "
        "images: what is selected by validation there is selected on the test set."
    )


def _few_seeds(study: "Study") -> list[str]:
    """Where too few seeds allow no verdict: why, and how many it takes against which base."""
    needed: dict[tuple[int, int], dict[str, None]] = {}
    for section in study.sections:
        for base, entries in section.families.items():
            for entry in entries:
                if (found := entry.verdict) and found.kind is Kind.IMPOSSIBLE:
                    needed.setdefault((found.least, found.remaining), {})[base] = None
    if not needed:
        return []
    told = [
        f"{least} against {listed(list(bases))} (multiplied by {times})" for (least, times), bases in needed.items()
    ]
    return [
        "The smallest two-sided p of a sign-flip test over n seeds is 2^(1-n), and Holm's correction multiplies it by "
        "the number of experiments with the same base that are not significant. So the fewest seeds that can reach "
        f"significance, given the results of the other experiments: {', '.join(told)}."
    ]


# Chosen runs compared


def runs_compared(found: "Comparison", arm: "Arm") -> str:
    """Which runs the numbers are of."""
    base, other = found.base.group, arm.entry.group
    if found.models_only:
        if base.seeds == other.seeds:
            return f"seed {base.seeds[0]}, one run each"
        return f"one run each, seed {base.seeds[0]} and seed {other.seeds[0]}"
    if not arm.pairs:
        return f"none in common: {some_seeds(base.seeds)} and {some_seeds(other.seeds)}"
    shared = [seed for seed in base.seeds if seed in other.seeds]
    left = [
        f"{group.name} also has {some_seeds([seed for seed in group.seeds if seed not in shared])}"
        for group in (base, other)
        if set(group.seeds) - set(shared)
    ]
    return "; ".join([f"{some_seeds(shared)}, in both", *left])


def short_in_comparison(arm: "Arm") -> str:
    """The verdict in a few words: on the experiments, or of single models on these."""
    found = arm.entry.verdict
    if found is None or found.models is None or found.models_p is None:
        return short(found)
    if found.models_p > ALPHA:
        return VERDICTS[Kind.UNDETECTED].short
    return f"this model {'better' if found.models.only_a_wrong > found.models.only_b_wrong else 'worse'}"


def findings(found: "Comparison", arm: "Arm") -> list[str]:
    """The verdict, how many images the models disagree on, and other observations about the arm."""
    texts = [_verdict_in_comparison(found, arm)]
    if arm.disputed:
        texts.append(_disputed(found, arm))
    return texts + [comparison(one) for one in arm.entry.observations]


def _verdict_in_comparison(compared: "Comparison", arm: "Arm") -> str:
    """Of single models McNemar's test first, for that is what the reader asked; then what it does not say."""
    found, base = arm.entry.verdict, compared.base.group
    if found is None:
        return ""
    models = found.models
    if models is None or found.models_p is None:
        return verdict(found)
    if found.models_p > ALPHA:
        said = f"No detectable difference between these two models ({mcnemar(found)})."
    else:
        better = arm.entry.group.name if models.only_a_wrong > models.only_b_wrong else base.name
        said = f"The model of {better} is better on these test images ({mcnemar(found)})."
    said += caution(found)
    if not arm.changes and base.fingerprint == arm.entry.group.fingerprint:
        return f"{said} They have the same configuration."
    return f"{said} One seed allows no verdict on the experiments: at least {found.least} needed."


def _disputed(compared: "Comparison", arm: "Arm") -> str:
    found, base, other = arm.disputed, compared.base.group.name, arm.entry.group.name
    if found is None:
        return ""
    only_base, only_other = len(found.base_errs), len(found.other_errs)
    if found.pairs == 1:
        return (
            f"{count(only_other, 'test image')} misclassified only by {other}, {only_base:,} only by {base}, "
            f"{found.alike:,} by both."
        )
    own = "" if compared.section.same_images else f" {OWN_IMAGES}"
    return (
        f"Over {found.pairs} pairs of models, {count(only_other, 'test image')} misclassified more often by "
        f"{other}, {only_base:,} by {base}, and {found.alike:,} equally often.{own}"
    )


def comparison_notes(found: "Comparison") -> list[str]:
    """What a reader must know about the numbers."""
    texts = [
        "Accuracies: test is of the saved model, train is the running accuracy of the last epoch, validation is of the "
        f"last epoch, gap is the {GAP} (train - validation). pp: percentage points; x 2.00: twice as much. Time is "
        "that of the epochs, FLOPs are those of the training."
    ]
    if any(arm.pairs > 1 for arm in found.arms):
        texts.append(
            "Over seeds: mean ± standard deviation (n - 1), Student's interval of the mean, and the mean difference of "
            f"runs with the same seed, from six seeds on with its {CI}. For test accuracy and gap it is corrected by "
            "Holm's method for all experiments that these results compare with the same base, as the verdict is; for "
            "the other numbers it is not corrected."
        )
        texts += [INTERVAL, SCOPE, PLANNED]
    if any(arm.pairs == 1 for arm in found.arms):
        texts.append(
            "Single models: the intervals cover the choice of test images, not that of seeds. That of an accuracy is "
            "Wilson's; that of a difference is Fay and Lumbard's, which agrees with McNemar's exact test and is "
            "corrected like it."
        )
    return [*texts, *comparison_cautions(found), *reuse(found.section.reuse)]


def comparison_cautions(found: "Comparison") -> list[str]:
    """Warnings about numbers that could be misread."""
    texts = []
    if any(not arm.pairs for arm in found.arms):
        texts.append("Without a seed in common, a difference is that of the means and has no interval.")
    base = found.base.group
    texts += [
        f"{arm.entry.group.name} was trained on another machine, device or number of threads than {base.name}: their "
        "times are not comparable."
        for arm in found.arms
        if arm.entry.group.machines != base.machines
    ]
    return texts
