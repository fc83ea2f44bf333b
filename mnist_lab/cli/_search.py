"""Prints what a search found: the best trials, their confirmation, and where the files are."""

from mnist_lab.config.searches import describe
from mnist_lab.reports import wording
from mnist_lab.search import BEST, Search, Tuned, promotion
from mnist_lab.terminal.consoles import console
from mnist_lab.terminal.output import echo, echo_json
from mnist_lab.terminal.tables import bullets, file_names, print_table
from mnist_lab.text.quantities import count, duration
from mnist_lab.text.tables import MINOR, Column

MOST = 5
"""Trials that are shown."""


def print_found(tuned: Tuned, *, as_json: bool) -> None:
    """Print the best trials and the confirmation.

    Args:
        tuned: the search.
        as_json: print `search.json` instead.
    """
    record, files = tuned.record, tuned.files
    if as_json:
        echo_json(next(file for file in files if file.name == "search.json").read_text(encoding="utf-8"))
        return
    _print_best(record)
    _print_confirmation(record)
    page, best = files[0], next(file for file in files if file.name == BEST)
    echo(f"\nBest configuration: {best}\nPage: {page}")
    others = (file for file in files if file not in (page, best))
    # the report of fewer seeds than an earlier one is in a folder of its own
    console().print(file_names(file.name if file.parent == page.parent else str(file) for file in others))


def _print_best(record: Search) -> None:
    best = promotion.best(record.trials, record.objectives)
    shown = best if record.front else best[:MOST]  # all of a front, or the first of those trained the longest
    costs = [each.measure for each in record.objectives if each != record.watched] or ["parameters"]
    heads = (
        "Trial",
        Column(record.watched.measure, number=True),
        *(Column(cost.replace("_", "-").capitalize(), number=True) for cost in costs),
    )
    rows = []
    for trial in shown:
        sizes = [trial.measured("parameters" if cost == "parameters" else "multiply_adds") for cost in costs]
        numbers = [record.value(trial), *("" if size is None else f"{size:,.0f}" for size in sizes)]
        rows.append((str(trial.number), *numbers, f"{trial.epochs}/{record.budget.epochs}", describe(trial.values)))
    output = console()
    output.print()
    print_table((*heads, Column("Epochs", number=True, priority=MINOR), "Values"), rows, output=output)
    failed = sum(trial.state == "failed" for trial in record.trials)
    refused = sum(trial.state == "refused" for trial in record.trials)
    images = f"compared on {record.validation_images:,} validation images"
    said = [f"{count(record.tried, 'trial')} in {duration(record.seconds)}, {images}"]
    said += [f"{failed} failed"] if failed else []
    said += [f"{refused} refused by the limits"] if refused else []
    echo(f"\n{'; '.join(said)}.")


def _print_confirmation(record: Search) -> None:
    done = record.confirmation
    if done is None or not done.arms:
        return
    measure = record.watched.measure
    heads = (
        "Confirmed",
        Column("Test accuracy", number=True),
        Column("Difference", number=True),
        "Verdict",
        Column(measure, number=True, priority=MINOR),
        Column("in the search", number=True, priority=MINOR),
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
    output = console()
    output.print()
    print_table(heads, rows, output=output)
    output.print()
    output.print(bullets(f"{arm.label.capitalize()}. {arm.difference.text}" for arm in done.arms if arm.difference))
