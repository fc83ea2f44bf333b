"""Verdicts in words. One outcome has one name: better, worse, not significant, too few seeds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mnist_lab.analysis.family import Tested
from mnist_lab.analysis.verdicts import Kind, Models, Verdict
from mnist_lab.reports.wording.numbers import CI, ends_pp, listed, p_value, pp
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.reports.study import Entry, Section

DID = {
    Kind.BETTER: "helped",
    Kind.WORSE: "hurt",
    Kind.NOT_SIGNIFICANT: "made no significant difference",
    Kind.IMPOSSIBLE: "had too few seeds for a verdict",
}
"""What changes with each kind of verdict did, in the order in which they are shown."""


def correction(comparisons: int, of: str = "") -> str:
    """Say what p and interval are corrected for; `of` says what is compared."""
    return (
        "the only comparison in its family, so uncorrected"
        if comparisons == 1
        else f"corrected for {comparisons:,} comparisons{of}"
    )


def estimate(test: Tested) -> str:
    """Format a difference with what decides whether it is more than chance.

    `+0.11 pp (95 % confidence interval +0.02 to +0.20, p = .023; corrected for 12 comparisons)`
    """
    if test.paired is None or test.p is None:
        return ""
    interval = f"{CI} {ends_pp(test.paired.interval)}, " if test.paired.interval else ""
    return f"{pp(test.paired.mean)} ({interval}{p_value(test.p)}; {correction(test.arms)})"


def verdict(found: Verdict) -> str:
    """State the verdict in one or more sentences, with the numbers."""
    heading, pair = outcome(found).capitalize(), found.paired
    if pair is None:
        return f"{heading}: no {found.unit} in common with the base; at least {found.least} needed."
    if found.kind is Kind.IMPOSSIBLE:
        said = f"{pp(pair.mean)} with {_shared(found)}; at least {found.least} needed for a verdict"
    else:
        said = f"{estimate(found)} over {count(pair.n, f'shared {found.unit}')}"
    return f"{heading}: {said}.{_of_models(found)}{outlook(found)}{caution(found)}"


def outcome(found: Verdict) -> str:
    """Return `better`, `too few seeds`, `too few folds`."""
    return _of_its_unit(found.kind, found)


def _of_its_unit(text: str, found: Verdict) -> str:
    return text.replace("seed", found.unit)


def certainty(found: Verdict) -> str:
    """Say how certain a difference is, for use beside the verdict and the difference."""
    pair = found.paired
    if pair is None:
        return f"No {found.unit} in common with the base; at least {found.least} needed."
    if found.kind is Kind.IMPOSSIBLE or found.p is None:
        said = f"{_shared(found)}; at least {found.least} needed for a verdict"
    else:
        interval = f"95 % CI {ends_pp(pair.interval)}, " if pair.interval else ""
        said = f"{interval}{p_value(found.p)}, {count(pair.n, found.unit)}; {correction(found.arms)}"
    return f"{said}.{_of_models(found)}{outlook(found)}{caution(found)}"


def _shared(found: Verdict) -> str:
    """Count what pairs the runs: `1 shared seed`; `1 seed` if two models with different seeds are compared."""
    return count(found.paired.n if found.paired else 0, f"shared {found.unit}" if found.seeds else found.unit)


def outlook(test: Tested) -> str:
    """Say what more seeds would do, as a sentence after another; empty if that is not known."""
    if not test.more_seeds:
        return ""
    return f" Detecting a difference of this size would take about {count(test.more_seeds, 'more seed')}."


def caution(found: Verdict) -> str:
    """Say whose weights alone were chosen on the test images, as a sentence after another; empty if both or neither."""
    if found.chosen_on_test is None:
        return ""
    whose = "this experiment's" if found.chosen_on_test == "arm" else "the base's"
    return (
        f" Only {whose} weights were chosen on the test images (those of the epoch that was best on them), so its "
        "accuracy is optimistic and the difference biased in its favour."
    )


def mcnemar(found: Models) -> str:
    """Format the test of two models: `McNemar's exact test, p = .014; corrected for 2 comparisons of single models`."""
    return f"McNemar's exact test, {p_value(found.p_corrected)}; {correction(found.compared, ' of single models')}"


def _of_models(found: Verdict) -> str:
    """State McNemar's test, which is about two sets of weights, so as not to sound like a claim about experiments."""
    if not found.models:
        return ""
    return (
        f" For these two models (not the experiments): {count(found.models.only_b_wrong, 'test image')} misclassified "
        f"only by this one, {found.models.only_a_wrong:,} only by the base's ({mcnemar(found.models)})."
    )


def ranked(entries: Iterable["Entry"]) -> list["Entry"]:
    """Sort by the size of the difference from the base, the largest first."""

    def size(entry: "Entry") -> float:
        pair = entry.verdict and entry.verdict.paired
        return abs(pair.mean) if pair else -1.0

    return sorted(entries, key=size, reverse=True)


def lead(section: "Section") -> str:
    """Say how many changes helped, hurt or neither, and what it takes to judge the rest; empty without a verdict.

    If all have the same base, it is named.
    """
    found = list(section.verdicts.values())
    to = f" to {section.bases[0]}" if len(section.bases) == 1 else ""
    alone = sum(not one.seeds for one in found)
    said = []
    for kind, did in DID.items():
        some = [one for one in found if one.kind is kind and one.seeds]
        if kind is Kind.IMPOSSIBLE and some:
            least = sorted({one.least for one in some})
            did = _of_its_unit(did, some[0])
            did += f" (at least {' to '.join(map(str, dict.fromkeys((least[0], least[-1]))))} needed)"
        said += [(len(some), did)] if some else []
    said += [(alone, _of_its_unit("had no seed in common with the base", found[0]))] if alone else []
    if len(said) == 1:
        [(n, did)] = said
        changes = {1: "The only change", 2: "Both changes"}.get(n, f"All {n} changes")
        return f"{changes}{to} {did}."
    return f"Of {len(found)} changes{to}, {listed([f'{n} {did}' for n, did in said])}." if said else ""
