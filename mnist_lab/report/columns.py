"""The table of a comparison: which columns there are, and what stands in each for a group, in words and numbers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from mnist_lab.analysis.paired import FLIPPED
from mnist_lab.analysis.power import ALPHA
from mnist_lab.analysis.verdicts import Verdict
from mnist_lab.analysis.wording import signed
from mnist_lab.report.groups import Group, Section, Spread
from mnist_lab.report.verdict_words import INTERVAL, SCOPE, WORDS


@dataclass(frozen=True)
class Column:
    """One column."""

    heading: str
    importance: int
    """Where there is no room for all, the highest numbers go first; 0 stays."""
    main: Callable[[Group], str]
    """What stands in a cell; empty where there is nothing to say."""
    value: Callable[[Group], float | None] | None = None
    """The number that this is, for sorting; None for a column of words."""
    aside: Callable[[Group], str] = lambda _: ""
    """What qualifies it: a deviation, an interval, a difference from a published number; or empty."""

    @property
    def numeric(self) -> bool:
        """Whether it is a column of numbers."""
        return self.value is not None

    def text(self, group: Group) -> str:
        """All of a cell, in one line."""
        return _joined(self.main(group), self.aside(group))


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
        Column("Experiment", 0, lambda group: group.name),
        *([Column("Base", 2, lambda group: group.base or "")] if several_bases else []),
        Column(against, 0, lambda group: group.changed),
        Column("Parameters", 3, lambda group: f"{group.parameters:,}", lambda group: group.parameters),
        _measured("Train", 7, lambda group: group.train),
        _measured("Validation", 5, lambda group: group.validation),
        _measured("Test", 0, lambda group: group.test),
        Column("n", 0, lambda group: str(group.n), lambda group: group.n),
        _difference("Difference", 1, lambda group: known.get(group.name)),
        Column("Verdict", 1, lambda group: verdict(known.get(group.name))),
        _measured("Gap", 6, lambda group: group.gap, sign="+"),
        Column("Epochs", 9, _epochs, lambda group: group.epochs.mean, _epochs_deviation),
        Column("Time", 8, lambda group: duration(group.seconds.mean), lambda group: group.seconds.mean),
        _published("Published train", 10, _published_train),
        _published("Published test", 4, _published_test),
    ]
    return [column for column in found if any(map(column.text, section.groups))]


def spread(numbers: Spread | None) -> str:
    """`0.9807 ± 0.0011`: mean and, of several seeds, sample standard deviation; empty for None."""
    return _joined(_mean(numbers), _deviation(numbers))


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


def points(ours: Spread | None, published: float | None) -> float | None:
    """Ours less the published accuracy, in points: hundredths of accuracy."""
    return None if ours is None or published is None else 100 * (ours.mean - published)


def difference(found: Verdict | None) -> str:
    """The mean difference from the base's test accuracy, in points, and its interval: `+0.15 (+0.08 to +0.22)`."""
    return _joined(_points(found), _ends(found))


def verdict(found: Verdict | None) -> str:
    """In a word or two."""
    return WORDS[found.kind].short if found else ""


def _joined(main: str, aside: str) -> str:
    return f"{main} {aside}" if aside else main


def _measured(heading: str, importance: int, of: Callable[[Group], Spread | None], *, sign: str = "") -> Column:
    return Column(
        heading,
        importance,
        lambda group: _mean(of(group), sign=sign),
        lambda group: numbers.mean if (numbers := of(group)) else None,
        lambda group: _deviation(of(group)),
    )


def _mean(numbers: Spread | None, *, digits: int = 4, sign: str = "") -> str:
    return f"{numbers.mean:{sign}.{digits}f}" if numbers else ""


def _deviation(numbers: Spread | None, *, digits: int = 4) -> str:
    return "" if numbers is None or numbers.deviation is None else f"± {numbers.deviation:.{digits}f}"


def _epochs(group: Group) -> str:
    """`10`, or `9.4` where early stopping ended some runs before others."""
    return _mean(group.epochs, digits=1 if group.epochs.deviation else 0)


def _epochs_deviation(group: Group) -> str:
    return _deviation(group.epochs, digits=1) if group.epochs.deviation else ""


def _difference(heading: str, importance: int, of: Callable[[Group], Verdict | None]) -> Column:
    return Column(
        heading,
        importance,
        lambda group: _points(of(group)),
        lambda group: found.paired.mean if (found := of(group)) and found.paired else None,
        lambda group: _ends(of(group)),
    )


def _points(found: Verdict | None) -> str:
    return signed(100 * found.paired.mean) if found and found.paired else ""


def _ends(found: Verdict | None) -> str:
    if found is None or found.paired is None or found.paired.interval is None:
        return ""
    low, high = (signed(100 * end) for end in found.paired.interval)
    return f"({low} to {high})"


_Beside = tuple[str, float | None, Spread | None]
"""`best ` or nothing, the published accuracy, and what of ours is set beside it."""


def _published(heading: str, importance: int, of: Callable[[Group], _Beside]) -> Column:
    """A published accuracy, and ours less it in points: `0.9918 (+0.05)`."""

    def main(group: Group) -> str:
        kind, value, _ = of(group)
        return "" if value is None else f"{kind}{value:.4f}"

    def aside(group: Group) -> str:
        _, value, ours = of(group)
        beside = points(ours, value)
        return "" if beside is None else f"({signed(beside)})"

    return Column(heading, importance, main, lambda group: of(group)[1], aside)


def _published_train(group: Group) -> _Beside:
    """The training accuracy of the last epoch; where only the best over the epochs is published, that."""
    published = group.published
    if published.train_accuracy is None:
        return "best ", published.best_train_accuracy, group.best_train
    return "", published.train_accuracy, group.train


def _published_test(group: Group) -> _Beside:
    """The test accuracy of the saved model; where only the best over the epochs is published, that.

    The best is set beside our best over the epochs, which is known where the test images served as validation images.
    """
    published = group.published
    if published.test_accuracy is None:
        return "best ", published.best_test_accuracy, group.best_test
    return "", published.test_accuracy, group.test


def notes(sections: Sequence[Section], headings: Collection[str] | None = None) -> list[str]:
    """What a reader must know about the numbers: what each is, and what was selected on.

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
            f"with its interval. The verdict goes by p at {ALPHA:g}: that of the sign-flip test (over all choices of "
            f"signs up to {FLIPPED} seeds, over random ones beyond), with Holm's correction over all experiments that "
            "share the base."
        )
        text += [INTERVAL, SCOPE]
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
    return text
