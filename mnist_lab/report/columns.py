"""The table of a comparison: which columns there are, and what stands in each for a group, in words and numbers."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from mnist_lab.analysis.power import least_seeds
from mnist_lab.analysis.verdicts import Kind, Verdict
from mnist_lab.analysis.wording import signed
from mnist_lab.report.groups import Group, Section, Spread

SHORT = {
    Kind.BETTER: "better",
    Kind.WORSE: "worse",
    Kind.UNDETECTED: "no difference seen",
    Kind.IMPOSSIBLE: "too few seeds",
}
"""The verdicts as they stand in a table."""


@dataclass(frozen=True)
class Column:
    """One column."""

    heading: str
    importance: int
    """Where there is no room for all, the highest numbers go first; 0 stays."""
    text: Callable[[Group], str]
    numeric: bool = True


def columns(section: Section, verdicts: Mapping[str, Verdict] | None = None) -> list[Column]:
    """The columns that say something about a section, in order.

    Args:
        section: what the table is about.
        verdicts: of its groups, by name; without them there are no columns for them.
    """
    known = verdicts or {}
    several_bases = len(section.bases) > 1
    against = f"Changed against {section.bases[0]}" if len(section.bases) == 1 else "Changed"
    found = [
        Column("Experiment", 0, lambda group: group.name, numeric=False),
        *([Column("Base", 2, lambda group: group.base or "", numeric=False)] if several_bases else []),
        Column(against, 0, lambda group: group.changed, numeric=False),
        Column("Parameters", 3, lambda group: f"{group.parameters:,}"),
        Column("Train", 7, lambda group: spread(group.train)),
        Column("Validation", 5, lambda group: spread(group.validation)),
        Column("Test", 0, lambda group: spread(group.test)),
        Column("n", 0, lambda group: str(group.n)),
        Column("Difference", 1, lambda group: difference(known.get(group.name))),
        Column("Verdict", 1, lambda group: verdict(known.get(group.name)), numeric=False),
        Column("Gap", 6, lambda group: spread(group.gap, sign="+")),
        Column("Epochs", 9, epochs),
        Column("Time", 8, lambda group: duration(group.seconds.mean)),
        Column("Published train", 10, published_train),
        Column("Published test", 4, published_test),
    ]
    return [column for column in found if any(map(column.text, section.groups))]


def spread(numbers: Spread | None, *, digits: int = 4, sign: str = "") -> str:
    """`0.9807 ± 0.0011`: mean and, of several seeds, sample standard deviation; empty for None."""
    if numbers is None:
        return ""
    mean = f"{numbers.mean:{sign}.{digits}f}"
    return mean if numbers.deviation is None else f"{mean} ± {numbers.deviation:.{digits}f}"


def epochs(group: Group) -> str:
    """`10`, or `9.4 ± 1.2` where early stopping ended some runs before others."""
    return spread(group.epochs, digits=1) if len(set(group.epochs.values)) > 1 else f"{group.epochs.mean:.0f}"


def duration(seconds: float) -> str:
    """`45.3 s`, `12 min 05 s`, `3 h 20 min`."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def amount(cost: float, unit: str) -> str:
    """What something costs: `45.3 s` if the unit is `s`, else `669,706` or `1.93e+12`."""
    if unit == "s":
        return duration(cost)
    return f"{cost:,.0f}" if cost < 1e9 else f"{cost:.3g}"


def published_train(group: Group) -> str:
    """The published training accuracy, and ours less it in points: `0.9918 (+0.05)`."""
    published = group.published
    return _published(published.train_accuracy, group.train, published.best_train_accuracy, group.best_train)


def published_test(group: Group) -> str:
    """The published test accuracy, and ours less it in points; where only the best over the epochs is published, that.

    The best is set beside our best over the epochs, which is known where the test images served as validation images.
    """
    published = group.published
    return _published(published.test_accuracy, group.test, published.best_test_accuracy, group.best_test)


def points(ours: Spread | None, published: float | None) -> float | None:
    """Ours less the published accuracy, in points: hundredths of accuracy."""
    return None if ours is None or published is None else 100 * (ours.mean - published)


def difference(found: Verdict | None) -> str:
    """The mean difference from the base's test accuracy, in points, and its interval: `+0.15 (+0.08 to +0.22)`."""
    if found is None or found.paired is None:
        return ""
    pair = found.paired
    interval = f" ({signed(100 * pair.interval[0])} to {signed(100 * pair.interval[1])})" if pair.interval else ""
    return f"{signed(100 * pair.mean)}{interval}"


def verdict(found: Verdict | None) -> str:
    """In a word or two."""
    return SHORT[found.kind] if found else ""


def _published(value: float | None, ours: Spread | None, best: float | None, our_best: Spread | None) -> str:
    if value is None and best is None:
        return ""
    kind = "" if value is not None else "best "
    shown, difference = (value, points(ours, value)) if value is not None else (best, points(our_best, best))
    beside = "" if difference is None else f" ({signed(difference)})"
    return f"{kind}{shown:.4f}{beside}"


def notes(sections: Sequence[Section], headings: Collection[str] | None = None) -> list[str]:
    """What a reader must know about the numbers: what each is, what was selected on, how little few seeds say.

    Args:
        sections: what is compared.
        headings: of the columns that are shown, if not all.
    """
    every = [group for section in sections for group in section.groups]
    shown = {column.heading for section in sections for column in columns(section)} if headings is None else headings
    meanings = {
        "Train": "train is the running accuracy of the last epoch",
        "Validation": "validation is of the last epoch",
        "Test": "test is of the saved model",
        "Gap": "gap is train less validation",
    }
    what = ", ".join(text for heading, text in meanings.items() if heading in shown)
    text = [f"Accuracies: {what}; mean ± standard deviation (n - 1) over n seeds."]
    if "Time" in shown:
        text[0] += " Time is that of one run, start-up included."
    if {"Difference", "Verdict"} & set(shown):
        text.append(
            "A difference is test accuracy less the base's with the same seeds, in points (hundredths of accuracy), "
            "with its 95 % bootstrap interval (BCa). The verdict goes by p at .05: that of the exact sign-flip test, "
            "with Holm's correction over all experiments that share the base."
        )
    if {"Published train", "Published test"} & set(shown):
        text.append("Beside a published accuracy stands ours less it, in points (hundredths of accuracy).")
    total, selected = sum(group.n for group in every), sum(group.n for group in every if group.selected_on_test)
    if selected:
        text.append(
            f"In {selected} of {total} {'run' if total == 1 else 'runs'} the validation images are the test images: "
            "what is chosen by validation there is chosen on the test set."
        )
    else:
        text.append("In none of the runs were the test images used for validation.")
    families = Counter((section.heading, group.base) for section in sections for group in section.groups if group.base)
    arms = max(families.values(), default=1)
    least = least_seeds(arms)
    if any(group.n < least for group in every):
        corrected = f", times the {arms} experiments that share a base (Holm)," if arms > 1 else ""
        text.append(
            f"With fewer than {least} seeds no difference between two experiments is claimed: the smallest two-sided p "
            f"of a paired sign-flip test over n seeds is 2^(1-n), which{corrected} is below .05 only from there on."
        )
    return text
