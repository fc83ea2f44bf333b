"""The page of the records: what each aims at, what its runs reach, and what was tried for it."""

from collections import Counter
from collections.abc import Sequence

from evidence.machines import HEADINGS, machines
from evidence.records import Standing
from evidence.tried import Trial
from mnist_lab.reports import markdown, wording
from mnist_lab.text.quantities import count


def document(found: Sequence[Standing], trials: Sequence[Trial]) -> str:
    """Return the text of the `README.md` in the folder of their runs; the same runs and trials yield the same text."""
    runs = [run for one in found if one.group for run in one.group.runs]
    return markdown(
        "records.md.jinja",
        package="evidence",
        rows=[_row(one) for one in found],
        records=[(one, [_trial(trial) for trial in trials if trial.record == one.record.name]) for one in found],
        machine_headings=HEADINGS,
        machines=machines(runs, label=lambda run: run.measured.run.name),
    )


def summary(found: Sequence[Standing]) -> str:
    """One line on all records: how many aims are met, and the numbers of each; empty if none was run."""
    run = [one for one in found if one.group]
    if not run:
        return ""
    results = Counter(one.result for one in found)
    met = f"{results.pop('met', 0)} of {count(len(found), 'aim')} met"
    others = [f"{n} {result}" for result, n in results.items()]
    return f"{', '.join([met, *others])}: {'; '.join(map(_in_short, run))}"


def _row(one: Standing) -> list[str]:
    record = one.record
    start = [f"[`{record.name}`](../../../configs/{record.experiment}.yaml)", record.aims_at]
    if one.group is None:
        return [*start, "", "", "", "", f"0 of {record.seeds}", one.result]
    seconds = one.train_seconds if record.measure == "seconds" else ()
    return [
        *start,
        wording.spread(one.group.test),
        f"{one.interval[0]:.4f} to {one.interval[1]:.4f}" if one.interval else "",
        f"{one.group.first.parameters.trainable:,}",
        f"{one.cost:.1f} ({min(seconds):.1f} to {max(seconds):.1f})" if seconds else "",
        str(one.n) if one.n >= record.seeds else f"{one.n} of {record.seeds}",
        "**missed**" if one.result == "missed" else one.result,
    ]


def _trial(trial: Trial) -> list[str]:
    spread = f"{min(trial.accuracies):.4f} to {max(trial.accuracies):.4f}"
    return [
        trial.changes or "**the recipe**",
        f"{trial.parameters:,}",
        str(trial.epochs),
        f"{trial.mean:.4f} ({spread})" if len(trial.accuracies) > 1 else f"{trial.mean:.4f}",
        str(len(trial.seeds)),
    ]


def _in_short(one: Standing) -> str:
    """Its name, numbers and result: `fast_99` 0.9906 in 7.1 s of training (met)."""
    assert one.group
    reached = f"`{one.record.name}` {one.group.test.mean:.4f}"
    if one.cost is not None:
        seconds = one.record.measure == "seconds"
        reached += f" in {one.cost:.1f} s of training" if seconds else f" with {one.cost:,.0f} parameters"
    details = {
        "incomplete": f": {one.n} of {one.record.seeds} seeds",
        "met by the mean": "; the interval includes lower values",
    }
    return f"{reached} ({one.result}{details.get(one.result, '')})"
