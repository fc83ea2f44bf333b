"""How to read the numbers of a report: what each is, what was selected on, and what the verdicts rest on."""

from collections.abc import Collection, Iterable

from mnist_lab.analysis.paired import FLIPPED
from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.verdicts import Kind
from mnist_lab.analysis.wording import listed
from mnist_lab.report.study import Chapter, Study
from mnist_lab.report.verdict_words import INTERVAL, PLANNED, SCOPE

BOLD = "In bold: the experiments that families of others are compared against."


def of_table(study: Study, headings: Collection[str]) -> list[str]:
    """What a reader of the tables and of the verdicts on them must know.

    Args:
        study: what is told.
        headings: of the columns that are shown.
    """
    return [*_columns(headings), _selection(study), *_verdicts(study)]


def of_report(study: Study, headings: Collection[str]) -> list[str]:
    """The same of a whole report, which has more to it; arguments as for `of_table`."""
    intervals = (
        "95 % over seeds: Student's interval of the mean, for another choice of seeds. 95 % over test images: Wilson's "
        "interval at the mean accuracy, for another choice of as many test images. Neither covers what the other does."
    )
    texts = [*_columns(headings), _selection(study), intervals, *_verdicts(study)]
    return [*texts, BOLD] if any(group.is_base for group in study.groups) else texts


def _columns(headings: Collection[str]) -> list[str]:
    meanings = {
        "Train": "train is the running accuracy of the last epoch",
        "Validation": "validation is of the last epoch",
        "Test": "test is of the saved model",
        "Gap": "gap is train less validation",
    }
    what = ", ".join(text for heading, text in meanings.items() if heading in headings)
    texts = [f"Accuracies: {what}; mean ± standard deviation (n - 1) over n seeds."]
    if "Time" in headings:
        texts[0] += " Time is that of one run, start-up included."
    if {"Difference", "Verdict"} & set(headings):
        texts.append(
            "A difference is test accuracy less the base's with the same seeds, in points (hundredths of accuracy), "
            f"with its interval. The verdict goes by p at {ALPHA:g}: that of the sign-flip test (over all choices of "
            f"signs up to {FLIPPED} seeds, over random ones beyond), with Holm's correction over all experiments that "
            "share the base."
        )
        texts += [INTERVAL, SCOPE]
    if {"Published train", "Published test"} & set(headings):
        texts.append("Beside a published accuracy stands ours less it, in points (hundredths of accuracy).")
    return texts


def _selection(study: Study) -> str:
    selected = sum(group.n for group in study.groups if group.selected_on_test)
    if not selected:
        return "In none of the runs were the test images used for validation."
    return (
        f"In {selected} of {study.runs} {'run' if study.runs == 1 else 'runs'} the validation images are the test "
        "images: what is chosen by validation there is chosen on the test set."
    )


def _verdicts(study: Study) -> list[str]:
    """What the verdicts' numbers of seeds and tests mean, as far as there are such."""
    verdicts = [verdict for chapter in study.chapters for verdict in chapter.verdicts.values()]
    texts = _few_seeds(study.chapters)
    if any(verdict.more_seeds for verdict in verdicts):
        texts.append(
            "The seeds that detecting a difference would take are those with which a paired t-test finds one of this "
            "size four times out of five (noncentral t, at the level of the step that Holm's correction is at). They "
            "are an order of magnitude, as the size is itself an estimate."
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
        for base, entries in chapter.families.items():
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
