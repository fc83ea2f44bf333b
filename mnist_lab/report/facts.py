"""All numbers of a report, ready for JSON: what `summary.json` says."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mnist_lab.analysis.paired import Paired
from mnist_lab.analysis.verdicts import Verdict
from mnist_lab.report.group import Spread
from mnist_lab.report.mistakes import Unanimous
from mnist_lab.report.published import published
from mnist_lab.report.study import Chapter, Entry, Front, Study


def facts(study: Study) -> dict[str, Any]:
    """Accuracies as fractions of 1, differences from published ones in points, times in seconds."""
    return {
        "title": study.title,
        "runs": study.runs,
        "selected_on_test": sum(group.n for group in study.groups if group.selected_on_test),
        "sections": [_chapter(chapter) for chapter in study.chapters],
        "left_out": list(study.problems),
    }


def as_json(study: Study) -> str:
    """The text of `summary.json`."""
    return json.dumps(facts(study), indent=2, ensure_ascii=False) + "\n"


def _chapter(chapter: Chapter) -> dict[str, Any]:
    section = chapter.section
    return {
        "data": section.heading,
        "dataset_sha256": section.data.sha256,
        "subset": section.data.subset,
        "test_images": section.data.test_images,
        "same_test_images": chapter.same_images,
        "experiments": [experiment(entry) for entry in chapter.entries],
        "fronts": [_front(front) for front in chapter.fronts],
        "one_machine": chapter.one_machine,
        "looks_at_test": asdict(chapter.looks),
        "wrong_in_every_model": chapter.unanimous and _unanimous(chapter.unanimous),
    }


def experiment(entry: Entry) -> dict[str, Any]:
    """One experiment with its verdict and what is seen beside the others."""
    group = entry.group
    known = published(group.published, group)
    accuracies = {key: one.accuracy for key, one in known.items()}
    size = group.results[0].parameters
    return {
        "name": group.name,
        "experiment": group.experiment,
        "fingerprint": group.fingerprint,
        "runs": [run.folder.id for run in group.runs],
        "seeds": list(group.seeds),
        "base": group.base,
        "changed": group.changed,
        "verdict": entry.verdict and _verdict(entry.verdict),
        "parameters": {"trainable": size.trainable, "total": size.total},
        "flops": group.flops,
        "train": _numbers(group.train),
        "validation": _numbers(group.validation),
        "test": {
            **(_numbers(group.test) or {}),
            "ci95": [list(map(rounded, result.test.ci95)) for result in group.results],
            "mean_ci95_seeds": interval(entry.seeds_interval),
            "mean_ci95_images": interval(entry.images_interval),
        },
        "gap": _numbers(group.gap),
        "best_train": _numbers(group.best_train),
        "best_test": _numbers(group.best_test),
        "epochs": _numbers(group.epochs),
        "selected_on_test": group.selected_on_test,
        "published": accuracies if any(value is not None for value in accuracies.values()) else None,
        "points_above_published": {key: rounded(one.points) for key, one in known.items()},
        "seconds": {"total": _numbers(group.seconds), "epoch": _numbers(group.epoch_seconds)},
        "observations": [
            {**asdict(observation), "value": rounded(observation.value)} for observation in entry.observations
        ],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "kind": str(verdict.kind),
        "text": verdict.text,
        "arms": verdict.arms,
        "arms_not_significant": verdict.remaining,
        "shared_seeds": list(verdict.seeds),
        "difference": verdict.paired and _paired(verdict.paired),
        "p_corrected": rounded(verdict.p),
        "least_seeds": verdict.least,
        "more_seeds": verdict.more_seeds or None,
        "caution": verdict.caution or None,
        "models": verdict.models
        and {
            **asdict(verdict.models),
            "p": rounded(verdict.models.p),
            "p_corrected": rounded(verdict.models_p),
            "compared": verdict.models_compared,
        },
    }


def _paired(pair: Paired) -> dict[str, Any]:
    return {
        "mean": rounded(pair.mean),
        "sd": rounded(pair.sd),
        "ci95": interval(pair.interval),
        "p": rounded(pair.p),
        "smallest_p": rounded(pair.smallest_p),
    }


def _front(front: Front) -> dict[str, Any]:
    return {
        "cost": front.cost,
        "unit": front.unit,
        "members": [{"name": group.name, "cost": rounded(cost)} for group, cost in front.members],
        "beaten": front.beaten,
    }


def _unanimous(found: Unanimous) -> Mapping[str, Any]:
    return {
        "models": found.models,
        "unknown": found.unknown,
        "images": [
            {"index": image.index, "label": image.label, "predicted": {str(k): n for k, n in image.predicted}}
            for image in found.images
        ],
    }


def _numbers(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    return {
        "mean": rounded(spread.mean),
        "sd": rounded(spread.deviation),
        "values": list(map(rounded, spread.values)),
    }


def interval(ends: tuple[float, float] | None) -> list[float | None] | None:
    """Its ends, rounded."""
    return ends and list(map(rounded, ends))


def rounded(value: float | None) -> float | None:
    """Six decimals: a hundredth of what one image of 10,000 is worth, and less than what float32 carries."""
    return None if value is None else round(value, 6)
