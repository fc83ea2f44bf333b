"""All numbers of a report or a comparison, for programs: JSON and CSV.

Accuracies and their differences are fractions of 1, differences from published accuracies are percentage points, and
times are seconds.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from mnist_lab.analysis.verdicts import Verdict
from mnist_lab.config import describe
from mnist_lab.reports import wording
from mnist_lab.reports.columns import exact
from mnist_lab.reports.compare import Arm, Comparison, Row
from mnist_lab.reports.runs import Spread, settings_of
from mnist_lab.reports.study import Entry, Front, Section, Study, published

SUMMARY = "summary.json"
"""The file with all numbers of a report."""


def as_json(facts: Mapping[str, Any]) -> str:
    """Return the text of a JSON file."""
    return json.dumps(_plain(facts), indent=2, ensure_ascii=False) + "\n"


def table(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Return one row per experiment, with its values by column name."""
    settings = settings_of([group for section in sections for group in section.groups])
    return [exact(section, entry, settings) for section in sections for entry in section.entries]


def as_csv(study: Study) -> str:
    """Return the text of `summary.csv`: one row per experiment; cells without a number are empty."""
    rows, settings = table(study.sections), settings_of(study.groups)
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        measured = {key: value for key, value in row.items() if isinstance(value, float) and key not in settings}
        writer.writerow(row | {key: f"{value:.6f}" for key, value in measured.items()})
    return text.getvalue()


def of_study(study: Study) -> dict[str, Any]:
    """Return the contents of `summary.json`."""
    return {
        "title": study.title,
        "runs": study.runs,
        "selected_on_test": sum(group.n for group in study.groups if group.selected_on_test),
        "sections": [_section(section) for section in study.sections],
        "left_out": study.problems,
    }


def reported_seeds(folder: Path) -> dict[tuple[str, str], set[int]]:
    """Return the seeds of each experiment and fingerprint in `summary.json`; empty if it cannot be read."""
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        experiments = [each for section in summary["sections"] for each in section["experiments"]]
        return {(each["experiment"], each["fingerprint"]): set(each["seeds"]) for each in experiments}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def of_comparison(comparison: Comparison, drawn: Sequence[str]) -> dict[str, Any]:
    """Return the contents of `compare.json`, with the figures that were drawn."""
    base = comparison.base.group
    return {
        "title": comparison.title,
        "data": base.data.heading,
        "dataset_sha256": base.data.sha256,
        "test_images": base.data.test_images,
        "base": _side(comparison.base),
        "arms": [_arm(arm) for arm in comparison.arms],
        "figures": drawn,
        "left_out": comparison.problems,
    }


def _plain(value: Any) -> Any:
    """Round to six decimals: a hundredth of what one image in 10,000 is worth, and within float32's precision."""
    match value:
        case float():
            return round(value, 6)
        case Spread():
            return {"mean": _plain(value.mean), "sd": _plain(value.deviation), "values": _plain(value.values)}
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return list(map(_plain, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _plain(asdict(value))
    return value


def _section(section: Section) -> dict[str, Any]:
    return {
        "data": section.heading,
        "dataset_sha256": section.data.sha256,
        "subset": section.data.subset,
        "folds": section.data.folds,
        "test_images": section.data.test_images,
        "same_test_images": section.same_images,
        "experiments": [_entry(entry) for entry in section.entries],
        "fronts": [_front(front) for front in section.fronts],
        "one_machine": section.one_machine,
        "looks_at_test": section.reuse,
        "wrong_in_every_model": section.unanimous,
    }


def _front(front: Front) -> dict[str, Any]:
    members = [{"name": group.name, "cost": cost} for group, cost in front.members]
    return {"cost": front.cost, "unit": front.unit, "members": members, "beaten": front.dominated}


def _entry(entry: Entry) -> dict[str, Any]:
    group = entry.group
    known = published(group.first.published, group)
    accuracies = {key: one.accuracy for key, one in known.items()}
    size = group.first.parameters
    return {
        "name": group.name,
        "experiment": group.experiment,
        "fingerprint": group.fingerprint,
        "runs": [run.folder.id for run in group.runs],
        "seeds": group.seeds,
        "base": group.base,
        "changed": group.changed,
        "verdict": entry.verdict and _verdict(entry.verdict),
        "parameters": {"trainable": size.trainable, "total": size.total},
        "flops": group.flops,
        "train": group.train,
        "validation": group.validation,
        "test": {
            **_plain(group.test),
            "ci95": [run.measured.test.ci95 for run in group.runs],
            "mean_ci95_seeds": group.seeds_interval,
            "mean_ci95_images": group.images_interval,
        },
        "gap": group.gap,
        "best_train": group.best_train,
        "best_test": group.best_test,
        "epochs": group.epochs,
        "selected_on_test": group.selected_on_test,
        "published": accuracies if any(value is not None for value in accuracies.values()) else None,
        "points_above_published": {key: one.points for key, one in known.items()},
        "seconds": {"total": group.seconds, "epoch": group.epoch_seconds},
        "observations": [one.model_dump() for one in entry.observations],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    pair = verdict.paired
    return {
        "kind": verdict.kind,
        "text": wording.verdict(verdict),
        "arms": verdict.arms,
        "arms_not_significant": verdict.remaining,
        "shared_seeds": verdict.seeds,
        "difference": pair
        and {"mean": pair.mean, "sd": pair.sd, "ci95": pair.interval, "p": pair.p, "smallest_p": pair.smallest_p},
        "p_corrected": verdict.p,
        "least_seeds": verdict.least,
        "more_seeds": verdict.more_seeds or None,
        "caution": wording.caution(verdict).strip() or None,
        "models": verdict.models,
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        **_side(arm),
        "changes": [{"path": change.path, "text": describe([change])} for change in arm.changes],
        "pairs": arm.pairs,
        "metrics": {row.metric.name: _row(row) for row in arm.rows},
        "test_images": arm.disputed,
    }


def _side(entry: Entry) -> dict[str, Any]:
    return _entry(entry) | {"folders": [str(run.folder.path) for run in entry.group.runs]}


def _row(row: Row) -> dict[str, Any]:
    def side(spread: Spread | None) -> dict[str, Any] | None:
        return spread and {"mean": spread.mean, "sd": spread.deviation}

    found = {"base": side(row.base), "this": side(row.other), "difference": row.difference, "ci95": row.interval}
    return found if row.ratio is None else found | {"ratio": row.ratio}
