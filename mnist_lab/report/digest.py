"""The verdicts of a chapter, and what was done with the test images, in a few lines."""

from collections.abc import Sequence

from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.analysis.wording import count, listed, p_value, signed
from mnist_lab.report.group import NOT_RUN, UNREADABLE
from mnist_lab.report.names import short_names
from mnist_lab.report.study import Chapter, Entry, Looks, Study
from mnist_lab.report.verdict_words import APART, WORDS


def opening(study: Study) -> list[str]:
    """The title and the extent of what is compared, as lines."""
    extent = f"{count(len(study.groups), 'experiment')}, {count(study.runs, 'run')}."
    return [f"# {study.title}", "", f"{extent} {APART}" if len(study.chapters) > 1 else extent]


def digest(chapter: Chapter) -> list[str]:
    """The verdicts by base and kind, a line each: first what helped, then what hurt, then what is not known."""
    names = short_names(group.name for group in chapter.section.groups)
    lines = [line for base, entries in chapter.families.items() for line in _family(base, entries, names)]
    apart = [entry.group for entry in chapter.entries if entry.group.base and not entry.base]
    if elsewhere := [names[group.name] for group in apart if group.changed not in (NOT_RUN, UNREADABLE)]:
        lines.append(f"No verdict on {listed(elsewhere)}: the base was trained or tested on other data.")
    return lines


def _family(base: str, entries: Sequence[Entry], names: dict[str, str]) -> list[str]:
    known = [(names[entry.group.name], entry.verdict) for entry in entries if entry.verdict]
    known.sort(key=lambda pair: -abs(pair[1].paired.mean) if pair[1].paired else 0.0)
    lines = []
    for kind, words in WORDS.items():
        some = [(name, verdict) for name, verdict in known if verdict.kind is kind]
        if some and kind is not Kind.IMPOSSIBLE:
            outlook = " Detecting a difference of this size would take about so many more seeds."
            lines.append(
                f"{words.against} {base}: {'; '.join(f'{name} {_numbers(verdict)}' for name, verdict in some)}."
                f"{outlook if any(verdict.more_seeds for _, verdict in some) else ''}"
            )
    undecided: dict[tuple[int, int], list[str]] = {}
    for name, verdict in known:
        if verdict.kind is Kind.IMPOSSIBLE:
            so_far = f" {_numbers(verdict)}" if verdict.paired else ""
            undecided.setdefault((len(verdict.seeds), verdict.least), []).append(f"{name}{so_far}")
    for (n, least), some in undecided.items():
        seeds = count(n, "shared seed") if n else "no shared seed"
        lines.append(
            f"{WORDS[Kind.IMPOSSIBLE].against} {base} with {seeds}; at least {least} needed. So far: {'; '.join(some)}."
        )
    if models := [(name, verdict) for name, verdict in known if verdict.models and verdict.models_p is not None]:
        lines.append(_of_single_models(base, models))
    for caution in dict.fromkeys(verdict.caution for _, verdict in known if verdict.caution):
        some = [name for name, verdict in known if verdict.caution == caution]
        lines.append(f"{listed(some)} against {base}: {caution[0].lower()}{caution[1:]}")
    return lines


def _of_single_models(base: str, known: Sequence[tuple[str, Verdict]]) -> str:
    """McNemar's test is about sets of weights, so it is not to sound like a claim about the experiments."""
    apart = [(name, v.models) for name, v in known if v.models and v.models_p is not None and v.models_p <= ALPHA]
    more = [name for name, models in apart if models.only_b_wrong > models.only_a_wrong]
    fewer = [name for name, models in apart if models.only_b_wrong < models.only_a_wrong]
    found = [f"{what} in {', '.join(names)}" for what, names in (("more", more), ("fewer", fewer)) if names]
    if rest := len(known) - len(apart):
        found.append(f"no detectable difference in {f'the other {rest}' if apart else rest}")
    return (
        f"Mistakes of these single models against that of {base}, by McNemar's exact test, which says nothing about "
        f"other seeds: {'; '.join(found)}."
    )


def _numbers(verdict: Verdict) -> str:
    """`+0.15 (+0.08 to +0.22, p = .023)`: in points; p is Holm's."""
    pair = verdict.paired
    if pair is None:
        return ""
    more = []
    if pair.interval:
        more.append(" to ".join(signed(100 * end) for end in pair.interval))
    if verdict.kind is not Kind.IMPOSSIBLE and verdict.p is not None:
        more.append(p_value(verdict.p))
    if verdict.more_seeds and verdict.kind is Kind.UNDETECTED:
        more.append(f"about {count(verdict.more_seeds, 'more seed')}")
    return f"{signed(100 * pair.mean)} ({', '.join(more)})" if more else signed(100 * pair.mean)


def looks(found: Looks) -> list[str]:
    """How often the test images were looked at, and what was chosen by them."""
    if found.models == 1:
        text = "One model was scored on the test images, when its training was over."
    else:
        text = (
            f"{found.models:,} models were scored on the test images, each when its training was over; the best of "
            "several looks better than it is."
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
        watched += (
            f"; in {found.steered:,} of them they decided when training stopped or its learning rate fell (early "
            "stopping, plateau)"
        )
    if not found.selected:
        watched += "; the saved weights are those of the last epoch"
    return [text, f"{watched}."]
