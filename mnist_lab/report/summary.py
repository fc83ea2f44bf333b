"""The summary of a comparison on disk: `summary.md`, `summary.csv`, `summary.json` and two figures.

The same runs give the same bytes. Nothing in them depends on when or where they were run but the times, which are in
columns of their own, the last of the CSV.
"""

import csv
import io
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mnist_lab.errors import SetupError
from mnist_lab.report.columns import columns, notes, points
from mnist_lab.report.groups import Group, Section, Spread, sections

CURVES, PARAMETERS = "accuracy_curves", "accuracy_parameters"
_OF_ANOTHER_SECTION = re.compile(rf"({CURVES}|{PARAMETERS})_[0-9]+\.png")


def write_summary(folder: Path, title: str, groups: Sequence[Group], *, redraw: bool = False) -> list[Path]:
    """Write the summary of `groups` into `folder`, each file whole or not at all.

    Figures are drawn only if `summary.json` has changed or one is missing: they show nothing that is not told by it
    and by the histories of the runs it names.

    Args:
        folder: is made if it is not there.
        title: what the comparison is called.
        groups: at least one, as `report.groups` gives them.
        redraw: draw the figures in any case.

    Returns:
        The paths of the files, `summary.md` first.

    Raises:
        SetupError: the folder cannot be written.
    """
    apart = sections(groups)
    facts = json.dumps(summary(title, apart), indent=2, ensure_ascii=False) + "\n"
    texts = {"summary.md": _markdown(title, apart), "summary.csv": _csv(apart)}
    figures = {_figure(kind, i): (kind, section) for i, section in enumerate(apart) for kind in (CURVES, PARAMETERS)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = _read(folder / "summary.json") == facts
        if redraw or not known or not all((folder / name).is_file() for name in figures):
            # Written again once the figures are there, so that it never vouches for older ones.
            (folder / "summary.json").unlink(missing_ok=True)
            for file in folder.iterdir():
                if _OF_ANOTHER_SECTION.fullmatch(file.name) and file.name not in figures:
                    file.unlink(missing_ok=True)
            _draw(folder, title, figures)
        for name, text in (*texts.items(), ("summary.json", facts)):
            if _read(folder / name) != text:
                _write(folder / name, text)
    except OSError as error:
        raise SetupError(
            f"{folder}: the summary cannot be written ({error.strerror or error}).",
            "Check that the folder may be written to, and that the disk is not full.",
        ) from None
    return [folder / name for name in (*texts, "summary.json", *figures)]


def summary(title: str, sections: Sequence[Section]) -> dict[str, Any]:
    """All numbers, ready for JSON; accuracies as fractions of 1, differences in points, times in seconds."""
    every = [group for section in sections for group in section.groups]
    return {
        "title": title,
        "runs": sum(group.n for group in every),
        "selected_on_test": sum(group.n for group in every if group.selected_on_test),
        "sections": [
            {
                "data": section.heading,
                "dataset_sha256": section.data.sha256,
                "subset": section.data.subset,
                "test_images": section.data.test_images,
                "experiments": [_facts(group) for group in section.groups],
            }
            for section in sections
        ],
    }


def _facts(group: Group) -> dict[str, Any]:
    published = {key: value for key, value in group.published.model_dump().items() if key != "departures"}
    size = group.results[0].parameters
    return {
        "name": group.name,
        "experiment": group.experiment,
        "fingerprint": group.fingerprint,
        "runs": [run.folder.id for run in group.runs],
        "seeds": list(group.seeds),
        "base": group.base,
        "changed": group.changed,
        "parameters": {"trainable": size.trainable, "total": size.total},
        "train": _numbers(group.train),
        "validation": _numbers(group.validation),
        "test": {
            **(_numbers(group.test) or {}),
            "ci95": [list(map(_rounded, result.test.ci95)) for result in group.results],
        },
        "gap": _numbers(group.gap),
        "best_train": _numbers(group.best_train),
        "best_test": _numbers(group.best_test),
        "epochs": _numbers(group.epochs),
        "selected_on_test": group.selected_on_test,
        "published": published if any(value is not None for value in published.values()) else None,
        "points_above_published": {key: _rounded(value) for key, value in _differences(group).items()},
        "seconds": {"total": _numbers(group.seconds), "epoch": _numbers(group.epoch_seconds)},
    }


def _differences(group: Group) -> dict[str, float | None]:
    published = group.published
    return {
        "train_accuracy": points(group.train, published.train_accuracy),
        "test_accuracy": points(group.test, published.test_accuracy),
        "best_train_accuracy": points(group.best_train, published.best_train_accuracy),
        "best_test_accuracy": points(group.best_test, published.best_test_accuracy),
    }


def _numbers(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    return {
        "mean": _rounded(spread.mean),
        "sd": _rounded(spread.deviation),
        "values": list(map(_rounded, spread.values)),
    }


def _rounded(value: float | None) -> float | None:
    """Six decimals: a hundredth of what one image of 10,000 is worth, and less than what float32 carries."""
    return None if value is None else round(value, 6)


def _csv(sections: Sequence[Section]) -> str:
    """A row a group; empty cells where there is no number."""
    rows = [_row(section, group) for section in sections for group in section.groups]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(section: Section, group: Group) -> dict[str, Any]:
    def both(name: str, spread: Spread | None) -> dict[str, str]:
        return {f"{name}_mean": _cell(spread and spread.mean), f"{name}_sd": _cell(spread and spread.deviation)}

    published, differences, size = group.published, _differences(group), group.results[0].parameters
    return {
        "data": section.heading,
        "experiment": group.experiment,
        "fingerprint": group.fingerprint[:8],
        "base": group.base or "",
        "changed": group.changed,
        "n": group.n,
        "seeds": " ".join(map(str, group.seeds)),
        "parameters": size.total,
        "parameters_trainable": size.trainable,
        **both("train", group.train),
        **both("validation", group.validation),
        **both("test", group.test),
        **both("gap", group.gap),
        "epochs_mean": _cell(group.epochs.mean),
        "best_test_mean": _cell(group.best_test and group.best_test.mean),
        "selected_on_test": str(group.selected_on_test).lower(),
        **{f"published_{key}": _cell(getattr(published, key)) for key in differences},
        **{f"points_above_published_{key}": _cell(value) for key, value in differences.items()},
        "seconds_total": _cell(group.seconds.mean),
        "seconds_epoch": _cell(group.epoch_seconds.mean),
    }


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _markdown(title: str, sections: Sequence[Section]) -> str:
    count = sum(len(section.groups) for section in sections)
    runs = sum(group.n for section in sections for group in section.groups)
    lines = [f"# {title}", "", f"{_count(count, 'experiment')}, {_count(runs, 'run')}."]
    for i, section in enumerate(sections):
        shown = columns(section)
        lines += ["", f"## {section.heading}", ""]
        lines.append(_line(column.heading for column in shown))
        lines.append(_line("---:" if column.numeric else "---" for column in shown))
        for group in section.groups:
            cells = [column.text(group) for column in shown]
            lines.append(_line([f"**`{cells[0]}`**" if group.is_base else f"`{cells[0]}`", *cells[1:]]))
        lines += ["", f"![Validation accuracy of all experiments by epoch]({_figure(CURVES, i)})"]
        lines += ["", f"![Test accuracy against parameters]({_figure(PARAMETERS, i)})"]
    lines += ["", *(f"- {note}" for note in notes(sections))]
    if any(group.is_base for section in sections for group in section.groups):
        lines.append("- In bold: the experiments that families of others are compared against.")
    return "\n".join(lines) + "\n"


def _line(cells: Any) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _figure(kind: str, section: int) -> str:
    return f"{kind}.png" if section == 0 else f"{kind}_{section + 1}.png"


def _draw(folder: Path, title: str, figures: dict[str, tuple[str, Section]]) -> None:
    from mnist_lab import plots

    several = len({section.heading for _, section in figures.values()}) > 1
    for name, (kind, section) in figures.items():
        heading = section.heading if several else section.data.title
        labels = _labels(section.groups)
        bases = {labels[group.name] for group in section.groups if group.is_base}
        if kind == CURVES:
            curves = {labels[group.name]: _histories(group) for group in section.groups}
            figure = plots.all_accuracies(curves, title=f"{title}: validation accuracy, {heading}", bases=bases)
        else:
            known = {labels[group.name]: _published_test(group) for group in section.groups}
            figure = plots.accuracy_against_parameters(
                [_point(labels[group.name], group) for group in section.groups],
                title=f"{title}: test accuracy against parameters, {heading}",
                reference={label: value for label, value in known.items() if value is not None},
                bases=bases,
            )
        plots.save(figure, folder / name)


def _point(label: str, group: Group) -> Any:
    deviation = group.test.deviation
    low, high = group.results[0].test.ci95
    if deviation is not None:
        low, high = group.test.mean - deviation, group.test.mean + deviation
    return {
        "name": label,
        "parameters": group.parameters,
        "accuracy": group.test.mean,
        "low": low,
        "high": high,
        "seeds": group.n,
    }


def _published_test(group: Group) -> float | None:
    published = group.published
    return published.best_test_accuracy if published.test_accuracy is None else published.test_accuracy


def _histories(group: Group) -> list[list[dict[str, Any]]]:
    """The histories that can be read."""
    histories = []
    for run in group.runs:
        with suppress(OSError, ValueError):
            histories.append(run.history)
    return histories


def _labels(groups: Sequence[Group]) -> dict[str, str]:
    """For each name the shortest end of its path that no other name has."""
    ends = {
        group.name: ["/".join(group.name.split("/")[-k:]) for k in range(1, group.name.count("/") + 2)]
        for group in groups
    }
    every = [end for of_name in ends.values() for end in of_name]
    return {name: next((end for end in of_name if every.count(end) == 1), name) for name, of_name in ends.items()}


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _write(path: Path, text: str) -> None:
    # Two sweeps may end at the same moment, so each writes a file of its own first.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
