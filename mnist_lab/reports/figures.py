"""The figures of a report and of a comparison, and pictures inside a page: SVG and data URIs."""

import base64
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_lab.errors import DataError
from mnist_lab.reports.compare import Comparison, Disputed, DisputedImage
from mnist_lab.reports.responses import Settings, Varied, varied, with_training_images
from mnist_lab.reports.runs import Group
from mnist_lab.reports.study import Entry, Section, Study
from mnist_lab.runs import Run
from mnist_lab.text.quantities import count, percent

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mnist_lab.datasets import Dataset
    from mnist_lab.plots import Half, Point

CURVES, PARAMETERS, RESPONSE = "accuracy_curves", "accuracy_parameters", "response"
OVERLAY, DIGITS = "curves", "digits"
SIDE = 64
"""The most pixels of the longer side of a single test image in a page; larger ones are scaled down."""


def numbered(kind: str, i: int) -> str:
    """Return the file name of the i-th figure of a kind, counted from 0."""
    return f"{kind}.png" if i == 0 else f"{kind}_{i + 1}.png"


@dataclass(frozen=True)
class Plot:
    """A figure of a section of a report, or of a search."""

    file: str
    shows: str
    """What it shows, as the beginning of a title."""
    data: str
    """The data that it covers."""
    draw: "Callable[..., Figure]"
    """Draws the figure, under a `title`."""

    def drawn(self, title: str) -> "Figure":
        """Draw the figure, under a title that begins with that of the report or search."""
        return self.draw(title=f"{title}: {self.shows[0].lower()}{self.shows[1:]}, {self.data}")


def of_section(study: Study, i: int) -> list[Plot]:
    """Return the figures of the i-th section, counted from 0.

    Accuracy against parameters is drawn if experiments differ in these. Response plots are in the first of the sections
    that were tested on the same images, as the number of training images may be what is varied.
    """
    section = study.sections[i]
    data = section.data.trained_on if len(study.sections) == 1 else section.heading
    found = [Plot(numbered(CURVES, i), "Validation accuracy by epoch", data, partial(accuracy_curves, section))]
    if len({group.parameters for group in section.groups}) > 1:
        draw = partial(accuracy_parameters, section)
        found.append(Plot(numbered(PARAMETERS, i), "Test accuracy against parameters", data, draw))
    sets = list(dict.fromkeys(_tested_on(each) for each in study.sections))
    same = [each for each in study.sections if _tested_on(each) == _tested_on(section)]
    if section is same[0]:
        for number in varied(_with_settings(same)):
            kind = f"{RESPONSE}_{re.sub('[^a-z0-9]+', '_', number.name.casefold()).strip('_')}"
            found.append(
                Plot(
                    numbered(kind, sets.index(_tested_on(section))),
                    f"Test accuracy against {number.name}",
                    data if len(same) == 1 else section.data.title,
                    partial(response, number),
                )
            )
    return found


def _tested_on(section: Section) -> tuple[str, int]:
    return section.data.sha256, section.data.test_images


def _with_settings(sections: Sequence[Section]) -> Iterator[tuple[Settings, Entry]]:
    for entry in (entry for section in sections for entry in section.entries):
        if (config := entry.group.config) is not None:
            images = entry.group.first.dataset
            held_out = 0 if entry.group.selected_on_test else images.validation
            yield with_training_images(config, images.train + held_out), entry


def response(number: Varied, title: str) -> "Figure":
    """Draw test accuracy against a number that experiments vary."""
    from mnist_lab import plots

    curves = {name: [_point(*one) for one in line] for name, line in number.lines.items()}
    return plots.response(curves, quantity=number.name, title=title)


def accuracy_curves(section: Section, title: str) -> "Figure":
    """Draw validation accuracy of every experiment by epoch."""
    from mnist_lab import plots

    names = section.names
    curves = {names[group.name]: list(group.histories) for group in section.groups}
    bases = {names[group.name]: names[group.base] for group in section.groups if group.base in names}
    return plots.all_accuracies(curves, title=title, bases=bases, over=_over(section))


def _over(section: Section) -> str:
    """Return what the runs of one experiment differ in."""
    if not section.share:
        return "seeds"
    return "folds" if all(len(group.seeds) == 1 for group in section.groups) else "seeds and folds"


def accuracy_parameters(section: Section, title: str) -> "Figure":
    """Draw test accuracy of every experiment against its number of parameters."""
    from mnist_lab import plots

    points = {section.names[entry.group.name]: _point(entry.group.parameters, entry) for entry in section.entries}
    return plots.accuracy_against_parameters(points, title=title)


def _point(value: float, entry: Entry) -> "Point":
    """Return test accuracies with the interval of their mean: for the choice of seeds or, with one seed, of images."""
    from mnist_lab import plots

    group = entry.group
    interval = group.seeds_interval or group.images_interval
    return plots.Point(value, group.test.values, interval, group.is_base, over_images=group.seeds_interval is None)


def overlay(comparison: Comparison) -> "Figure | None":
    """Draw accuracy and loss by epoch of every side; None if no history can be read."""
    from mnist_lab import plots

    known = {group.name: list(group.histories) for group in comparison.groups if group.histories}
    title = f"{comparison.title}, {comparison.base.group.data.trained_on}"
    return plots.overlay(known, title=title, over=_over(comparison.section)) if known else None


def digits(comparison: Comparison, data_dir: Path | None) -> "dict[str, Figure]":
    """Draw, by file name, the test images that the base and each arm whose mistakes are known classify differently.

    Raises:
        DataError: there are such images, and `load_images` cannot load them.
    """
    from mnist_lab import plots

    disputed = {
        i: (arm.group.name, some)
        for i, arm in enumerate(comparison.arms)
        if (some := arm.disputed) and (some.base_errs or some.this_errs)
    }
    if not disputed:
        return {}
    dataset, base = load_images(comparison.groups, data_dir), comparison.base.group
    found = {}
    for i, (other, some) in disputed.items():
        halves = (
            _half(some, some.this_errs, other, base.name, dataset),
            _half(some, some.base_errs, base.name, other, dataset),
        )
        title = f"Test images classified differently by {other} and {base.name}, {base.data.trained_on}"
        found[numbered(DIGITS, i)] = plots.disputed(halves, dataset.classes, title=title)
    return found


def _half(found: Disputed, images: Sequence[DisputedImage], errs: str, right: str, dataset: "Dataset") -> "Half":
    from mnist_lab import plots

    if found.pairs == 1:
        heading = f"{errs} wrong, {right} right: {count(len(images), 'image')}"
        legend = "with its confidence, highest first"
        notes = [percent(one.confidence) if one.confidence else "" for one in images]
    else:
        heading = f"Misclassified more often by {errs}: {count(len(images), 'image')}"
        legend = f"models that misclassify it, of {found.pairs}: this side against the other"
        wrong = [(one.base_wrong, one.this_wrong) for one in images]
        notes = [f"{max(pair)} against {min(pair)}" for pair in wrong]
    return plots.Half(
        heading,
        legend if len(images) else "",
        dataset.x_test[[one.index for one in images]],
        [one.label for one in images],
        [one.predicted for one in images],
        notes,
    )


def load_images(groups: Sequence[Group], data_dir: Path | None) -> "Dataset":
    """Load the data set that all of `groups` were tested on, from `data_dir` first; nothing is downloaded.

    Raises:
        DataError: it is unknown, not on this machine, or not the same.
    """
    from mnist_lab import datasets

    config = next((group.config for group in groups if group.config), None)
    if config is None:
        raise DataError("no configuration can be read, so the data set is unknown.")
    dataset = datasets.load(config.data, data_dir, download=False)
    expected = groups[0].data.sha256
    if dataset.sha256 != expected:
        raise DataError(
            f"{dataset.source}: not the data set that the runs were tested on (SHA-256 {dataset.sha256[:8]}, expected "
            f"{expected[:8]})."
        )
    return dataset


def mistakes_picture(run: Run) -> str | None:
    """Return the run's `mistakes.png` as a data URI; None if it has none."""
    try:
        return _uri((run.folder.path / "mistakes.png").read_bytes())
    except OSError:
        return None


def thumbnails(images: "Iterable[NDArray[Any]]") -> Iterator[str]:
    """Yield each of `images` (uint8, shape (h, w, 1) or (h, w, 3)) as a PNG data URI, at most `SIDE` pixels long."""
    from mnist_lab.datasets.pictures import image_of

    for pixels in images:
        picture = image_of(pixels)
        picture.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        picture.save(file, "PNG", optimize=True)
        yield _uri(file.getvalue())


def _uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


_FONT = re.compile(r"font-family: [^;\"]*;? ?")
_COLOUR = re.compile(r"(?<=: )#([0-9a-f]{6})")
_REFERENCE = re.compile(r'(?<=href="#)[^"]+|(?<=url\(#)[^)]+')
_ID = re.compile(r' id="([^"]+)"')
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)


def inline_svg(figure: "Figure", name: str, label: str) -> "Markup":
    """Return the figure as an `<svg>` element.

    Every colour `#0072b2` becomes `var(--c-0072b2, #0072b2)`, so that a page can replace it in dark mode.

    Args:
        figure: what to draw.
        name: unique on the page; keeps the figures' ids apart.
        label: what the picture shows, for people who do not see it.
    """
    from markupsafe import Markup

    from mnist_lab.plots.style import style

    text = io.StringIO()
    # With a fixed salt and no date, equal figures have equal text.
    with style({"svg.fonttype": "none", "svg.hashsalt": name}):
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=metadata, transparent=True)
    svg = text.getvalue()
    svg = _COMMENT.sub("", _STYLE.sub("", svg[svg.index("<svg") :]))
    used = set(_REFERENCE.findall(svg))
    svg = _ID.sub(lambda match: f' id="{name}-{match[1]}"' if match[1] in used else "", svg)
    svg = _REFERENCE.sub(lambda match: f"{name}-{match[0]}", svg)
    svg = _COLOUR.sub(r"var(--c-\1, #\1)", _FONT.sub("", svg))
    svg = re.sub(r' (?:width|height)="[0-9.]+pt"', "", svg, count=2)
    svg = re.sub(r"\s*\n\s*", " ", svg).replace("> <", "><")
    return Markup(svg.replace("<svg ", Markup('<svg role="img" aria-label="{}" ').format(label), 1))
