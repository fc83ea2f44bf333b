"""The verdicts of a chapter, what was done with the test images, and what both mean, in a few lines."""

from collections.abc import Iterable, Sequence

from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.analysis.wording import count, listed, p_value, signed
from mnist_lab.report.groups import NOT_RUN, UNREADABLE
from mnist_lab.report.names import short_names
from mnist_lab.report.study import Chapter, Entry, Looks, Study
from mnist_lab.report.verdict_words import PLANNED, WORDS

BOLD = "In bold: the experiments that families of others are compared against."


def digest(chapter: Chapter) -> list[str]:
    """The verdicts by base and kind, a line each: first what helped, then what hurt, then what is not known."""
    names = short_names(group.name for group in chapter.section.groups)
    lines = [line for base, entries in _families(chapter).items() for line in _family(base, entries, names)]
    apart = [entry.group for entry in chapter.entries if entry.group.base and not entry.base]
    if elsewhere := [names[group.name] for group in apart if group.changed not in (NOT_RUN, UNREADABLE)]:
        lines.append(f"No verdict on {listed(elsewhere)}: the base was trained or tested on other data.")
    return lines


def _families(chapter: Chapter) -> dict[str, list[Entry]]:
    """The experiments that have a verdict, by the name of their base."""
    families: dict[str, list[Entry]] = {}
    for entry in chapter.entries:
        if entry.base and entry.verdict:
            families.setdefault(entry.base.name, []).append(entry)
    return families


def _family(base: str, entries: Sequence[Entry], names: dict[str, str]) -> list[str]:
    known = [(names[entry.group.name], entry.verdict) for entry in entries if entry.verdict]
    known.sort(key=lambda pair: -abs(pair[1].paired.mean) if pair[1].paired else 0.0)
    lines = []
    for kind, words in WORDS.items():
        some = [(name, verdict) for name, verdict in known if verdict.kind is kind]
        if some and kind is not Kind.IMPOSSIBLE:
            outlook = " So many more seeds would probably show a difference of this size."
            lines.append(
                f"{words.against} {base}: {'; '.join(f'{name} {_numbers(verdict)}' for name, verdict in some)}."
                f"{outlook if any(map(_more_seeds, (verdict for _, verdict in some))) else ''}"
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
        found.append(f"no difference seen in {f'the other {rest}' if apart else rest}")
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
    if (seeds := _more_seeds(verdict)) and verdict.kind is Kind.UNDETECTED:
        more.append(f"~{count(seeds, 'more seed')}")
    return f"{signed(100 * pair.mean)} ({', '.join(more)})" if more else signed(100 * pair.mean)


def _more_seeds(verdict: Verdict) -> int:
    """How many would probably show the difference; 0 if that is not known."""
    return max(0, (verdict.settle or 0) - len(verdict.seeds))


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
        f"In {count(found.watched, 'run')} they also served as validation images, after each of "
        f"{count(found.epochs, 'epoch')}"
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


def explanations(study: Study) -> list[str]:
    """What the numbers of a whole report mean, besides those of its table."""
    texts = [
        "95 % over seeds: Student's interval of the mean, for another choice of seeds. 95 % over test images: Wilson's "
        "interval at the mean accuracy, for another choice of as many test images. Neither covers what the other does.",
        *about_verdicts(study),
    ]
    if any(entry.group.is_base for chapter in study.chapters for entry in chapter.entries):
        texts.append(BOLD)
    return texts


def about_verdicts(study: Study) -> list[str]:
    """What the verdicts' numbers of seeds and tests mean, as far as there are such."""
    verdicts = [verdict for chapter in study.chapters for verdict in chapter.verdicts.values()]
    texts = _few_seeds(study.chapters)
    if any(map(_more_seeds, verdicts)):
        texts.append(
            "The seeds that would probably show a difference are those with which a paired t-test finds one of this "
            "size four times out of five (noncentral t, at the level of the step that Holm's correction is at): a "
            "rough guide, as the size is itself an estimate."
        )
    if any(verdict.p is not None for verdict in verdicts):
        texts.append(PLANNED)
    if any(verdict.models for verdict in verdicts):
        texts.append(
            "McNemar's exact test counts the test images that only one of two models gets wrong. It compares the "
            "models as they are; with another seed both would be others."
        )
    return texts


def _few_seeds(chapters: Iterable[Chapter]) -> list[str]:
    """Where too few seeds allow no verdict: why, and how many it takes against which base."""
    needed: dict[tuple[int, int], dict[str, None]] = {}
    for chapter in chapters:
        for base, entries in _families(chapter).items():
            for entry in entries:
                if (verdict := entry.verdict) and verdict.kind is Kind.IMPOSSIBLE:
                    needed.setdefault((verdict.least, verdict.remaining), {})[base] = None
    if not needed:
        return []
    told = [
        f"{least} against {listed(list(bases))} (times {remaining})" for (least, remaining), bases in needed.items()
    ]
    return [
        "The smallest two-sided p of a sign-flip test over n seeds is 2^(1-n), and Holm's correction multiplies it by "
        "the number of experiments with the same base that are not significant. So the fewest seeds that can be, the "
        f"other experiments being as they are: {', '.join(told)}."
    ]
