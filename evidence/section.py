"""A write-up in `results/published/README.md`: what has to be said of its numbers, and its conclusions."""

from evidence.claims import Finding, Outcome
from evidence.comparison import PREDICTED, Comparison, Row
from evidence.writeups import Claim, short
from mnist_lab.text.quantities import count

STAR = r"\*"
"""After a conclusion that the write-up does not state."""


def remarks(one: Comparison) -> list[str]:
    """What has to be said of its numbers."""
    return [*_unfinished(one), *_noted(one), *_below_floor(one), *_far_off(one)]


def _unfinished(one: Comparison) -> list[str]:
    missing = [row for row in one.rows if not row.finished]
    if not missing:
        return []
    texts = [f"`{short(row.experiment.name)}` {row.n} of {row.experiment.seeds}" for row in missing]
    return [f"Not all seeds are run yet: {', '.join(texts)}."]


def _below_floor(one: Comparison) -> list[str]:
    return [
        f"`{short(row.experiment.name)}` does not meet its acceptance threshold. "
        f"{row.experiment.below_floor or 'Not explained.'}"
        for row in one.done
        if row.meets_floor is False
    ]


def _far_off(one: Comparison) -> list[str]:
    """The published numbers that our seeds do not explain, and how many there would be by chance."""
    texts = [text for row in one.done if (text := _miss(row))]
    held = sum(row.differs is not None for row in one.done)
    if texts:
        texts.append(f"Of {held} such intervals {(1 - PREDICTED) * held:.1f} are expected to miss by chance alone.")
    return texts


def _miss(row: Row) -> str:
    experiment, interval = row.experiment, row.another_seed
    if not row.differs or interval is None:
        return ""
    wider = f", and {experiment.rounded:g} more at its ends for the rounding" if experiment.rounded else ""
    return (
        f"`{short(experiment.name)}` was published with {experiment.test_as_published}, which is outside the "
        f"{100 * PREDICTED:g} % prediction interval of one more of our seeds, {interval[0]:.4f} to {interval[1]:.4f}"
        f"{wider}. {experiment.differs or ''}"
    ).rstrip()


def _noted(one: Comparison) -> list[str]:
    """What the configurations say of the published numbers."""
    notes = {row.experiment.name: row.experiment.reference.note for row in one.rows}
    return [f"`{short(name)}`: {note}" for name, note in notes.items() if note]


def sentence(one: Comparison, finding: Finding) -> str:
    """A conclusion, what came of it, and our numbers."""
    claim, seeds = finding.claim, count(finding.n, "seed")
    known = {
        Outcome.NOT_SIGNIFICANT: f"{finding.outcome} with {seeds}",
        Outcome.TOO_FEW: f"{finding.outcome}: {finding.n}",
        Outcome.NOT_RUN: f"{finding.outcome}",
    }
    verdict = known.get(finding.outcome, f"{finding.outcome} ({seeds})").capitalize()
    says = claim.says if claim.stated else f"{claim.says.rstrip('.')}.{STAR}"
    return f"{says}{_published(one, claim)} **{verdict}.** {finding.numbers}".rstrip()


def _published(one: Comparison, claim: Claim) -> str:
    """The published test accuracies that a claim is about."""
    experiments = [one.experiment(name) for name in (claim.of, claim.than) if name]
    known = [experiment.test_as_published for experiment in experiments]
    if claim.quantity != "test" or not all(known):
        return ""
    best = any(text.startswith("best") for text in known)
    return f" Published: {' against '.join(known)}{' over the epochs; ours of the saved models' if best else ''}."
