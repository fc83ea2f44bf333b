"""Prints the result of a search: the best trials, their confirmation, and where the files are."""

from collections.abc import Sequence

from mnist_lab.config.searches import describe
from mnist_lab.reports import wording
from mnist_lab.search import BEST, Search, Tuned, promotion
from mnist_lab.search.presentation.wording import STATES
from mnist_lab.search.record import Measure, Trial
from mnist_lab.terminal.output import echo, echo_json, echo_prose
from mnist_lab.terminal.tables import print_facts, print_files, print_table
from mnist_lab.text.quantities import count, duration
from mnist_lab.text.tables import MINOR, Column

MOST = 5
"""Maximum number of trials that are shown, except for a front."""


def print_found(tuned: Tuned, *, as_json: bool) -> None:
    """Print the best trials and the confirmation; with `as_json`, `search.json` instead."""
    record, files = tuned.record, tuned.files
    if as_json:
        echo_json(next(file for file in files if file.name == "search.json").read_text(encoding="utf-8"))
        return
    _print_best(record)
    _print_confirmation(record)
    page, best = files[0], next(file for file in files if file.name == BEST)
    others = (file for file in files if file not in (page, best))
    # a report with fewer seeds than an earlier one has its own folder
    names = (file.name if file.parent == page.parent else str(file) for file in others)
    print_files(f"Best configuration: {best}\nReport: {page}", names)


def _print_best(record: Search) -> None:
    best = promotion.best(record.trials, record.objectives)
    shown = best if record.front else best[:MOST]  # all of a front, or the first of those trained the longest
    costs: list[Measure] = [each.measure for each in record.objectives if each != record.watched] or ["parameters"]
    heads = (
        "Trial",
        Column(record.watched.measure, number=True),
        *(Column(cost.replace("_", "-").capitalize(), number=True) for cost in costs),
    )
    rows = []
    for trial in shown:
        sizes = [trial.measured(cost) for cost in costs]
        numbers = [record.value(trial), *("" if size is None else f"{size:,.0f}" for size in sizes)]
        rows.append((str(trial.number), *numbers, f"{trial.epochs}/{record.budget.epochs}", describe(trial.values)))
    echo()
    print_table((*heads, Column("Epochs", number=True, priority=MINOR), "Values"), rows)
    images = f"compared on {record.validation_images:,} validation images"
    said = [f"{_part(record, shown, best)}{count(record.tried, 'trial')} in {duration(record.seconds)}, {images}"]
    without = {state: sum(trial.state == state for trial in record.trials) for state in ("failed", "refused")}
    said += [f"{number} {STATES[state]}" for state, number in without.items() if number]
    echo_prose(f"\n{'; '.join(said)}.")


def _part(record: Search, shown: Sequence[Trial], best: Sequence[Trial]) -> str:
    """Return which part of all trials is shown, before their number; empty if it is all of them."""
    if record.front:
        return "The Pareto front of "
    if len(shown) == record.tried:
        return ""
    if len(shown) < len(best):
        return f"The best {len(shown)} of "
    return f"The {'one' if len(shown) == 1 else len(shown)} trained the longest of "


def _print_confirmation(record: Search) -> None:
    done = record.confirmation
    if done is None or not done.arms:
        return
    measure = record.watched.measure
    heads = (
        "Confirmed",
        Column("Test", number=True),
        Column("Difference", number=True),
        "Verdict",
        Column(measure, number=True, priority=MINOR),
        Column(f"{measure} in the search", number=True, priority=MINOR),
    )
    rows = [
        (
            arm.label if arm.trial else record.base,
            f"{arm.mean:.4f}",
            wording.pp(arm.difference.mean) if arm.difference and arm.difference.mean is not None else "",
            str(arm.difference.kind) if arm.difference else "",
            "" if arm.validated is None else f"{arm.validated:.4f}",
            "" if arm.in_search is None else f"{arm.in_search:.4f}",
        )
        for arm in done.arms
    ]
    echo()
    print_table(heads, rows)
    if found := [(arm.label.capitalize(), arm.difference.text) for arm in done.arms if arm.difference]:
        echo()
        print_facts(found)
