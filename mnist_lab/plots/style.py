"""The common style of all figures, and how they are saved.

Every figure is drawn and saved inside `styled`, which sets Matplotlib's own defaults and then `STYLE`, so that a user's
matplotlibrc has no effect. Figures are 3:2 and readable at 420 x 280 pixels (a third of a screen, a cell of a report)
as well as at full size. pyplot is never imported, so figures are plain objects that no global state keeps alive.
"""

import io
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from mnist_lab.errors import NoRoomError, reason
from mnist_lab.plots.wrapping import fitted
from mnist_lab.system import atomic

# After Okabe and Ito, with a darker purple; distinguishable with any common colour blindness (jfly.uni-koeln.de/color).
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#B0568C"
INK, GREY, FAINT = "#222222", "#6B6B6B", "#DDDDDD"

MARGIN = 0.012  # beside the title, as a share of the figure's width
WIDTH, HEIGHT, DPI = 5.25, 3.5, 200  # inches, inches, pixels per inch: 1050 x 700 pixels

FALLBACK_FONTS = (
    *(f"Noto Sans CJK {script}" for script in ("JP", "SC", "TC", "KR")),
    *(f"Noto Sans {script}" for script in ("Devanagari", "Bengali", "Tamil", "Thai", "Ethiopic", "Symbols")),
    "Source Han Sans", "WenQuanYi Zen Hei", "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Arial Unicode MS",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Nirmala UI", "IPAexGothic",
)  # fmt: skip
"""Fonts for scripts that Matplotlib's own font lacks, on Linux, macOS and Windows."""

STYLE: dict[str, Any] = {
    "figure.dpi": DPI,
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
    "font.size": 9.5,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 8.8,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.2,
    "legend.labelspacing": 0.25,
    "legend.borderaxespad": 0.2,
    "legend.borderpad": 0.1,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a class or a run's name is a dollar sign
}

# Settings of the process, not of the look: setting these would choose a backend and import pyplot.
_PROCESS = {"backend", "backend_fallback", "interactive", "toolbar", "timezone"}
_SETTINGS: Any = {key: value for key, value in dict.items(matplotlib.rcParamsDefault) if key not in _PROCESS} | STYLE


@contextmanager
def style(more: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Apply the shared style, with `more` settings on top, within the context.

    Characters that no installed font has are drawn as boxes, without a warning for each.
    """
    family = {"font.family": ["sans-serif", *_fallback_fonts()]}
    with matplotlib.rc_context(_SETTINGS | family | dict(more or {})), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield


styled = style()
"""A decorator: the function runs under the shared style."""


# Fonts of other scripts often have no bold; do not report that.
logging.getLogger("matplotlib.font_manager").addFilter(
    lambda record: not record.getMessage().startswith("findfont: Failed to find font weight")
)


@cache
def _fallback_fonts() -> list[str]:
    """Return those of `FALLBACK_FONTS` that are installed."""
    installed = set(fontManager.get_font_names())
    return [name for name in FALLBACK_FONTS if name in installed]


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """Return an empty figure of `width` x `height` inches, which a notebook shows without pyplot."""
    return _Shown(figsize=(width, height), layout="constrained")


def titled(title: str, width: float, height: float = 1) -> Figure:
    """Return an empty figure with a headline, to be laid out by hand; its height may be set later (`set_height`)."""
    figure = _Shown(figsize=(width, height))
    headline(figure, title)
    return figure


class _Shown(Figure):
    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the picture, and the size to show it at: half of its pixels, which is sharp on any screen."""
        picture, content = _picture(self), io.BytesIO()
        picture.save(content, format="PNG")
        return content.getvalue(), {"width": picture.width // 2, "height": picture.height // 2}


def set_height(figure: Figure, height: float) -> None:
    """Set the height, in inches, of a figure that has its headline."""
    figure.set_size_inches(figure.get_size_inches()[0], height)
    figure.texts[0].set(y=1 - 0.08 / height, va="top")


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes of `width` x `height` inches, at a place in inches from the figure's upper left corner."""
    across, down = figure.get_size_inches()
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def figure_of(axes: Axes) -> Figure:
    """Return the figure that the axes are part of."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def inches(axes: Axes, points: ArrayLike) -> NDArray[np.float64]:
    """Convert points of a panel, (n, 2) in its units, to inches of the figure."""
    return axes.transData.transform(points) / figure_of(axes).dpi


def headline(figure: Figure, text: str, *, scale: float = 1.0) -> None:
    """Write a bold title at the figure's left edge, on at most two lines of the figure's width."""
    size, width = 10.5 * scale, figure.get_size_inches()[0] * (1 - 2 * MARGIN)
    figure.suptitle(
        fitted(text, width, size, weight="bold", lines=2), x=MARGIN, ha="left", weight="bold", fontsize=size
    )


@styled
def _picture(figure: Figure) -> Image.Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return pixels.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write `figure` to `path` as a PNG of at most 256 colours, all of it or nothing.

    Fewer colours halve the file, and the difference is invisible; no date or version is written, so equal figures are
    equal files.

    Raises:
        NoRoomError: the folder is missing, cannot be written, or the disk is full.
    """
    return save_image(_picture(figure), path, dpi=(figure.dpi, figure.dpi))


def save_image(image: Image.Image, path: str | os.PathLike[str], **options: Any) -> Path:
    """Write a picture to `path` as a PNG, all of it or nothing.

    Raises:
        NoRoomError: the folder is missing, cannot be written, or the disk is full.
    """
    path = Path(path)
    try:
        with atomic.replacing(path) as part:
            image.save(part, format="PNG", **options)
    except OSError as problem:
        raise NoRoomError(
            f"The plot {path} could not be written: {reason(problem)}.",
            "Check that its folder exists and is writable, and that the disk is not full.",
        ) from problem
    return path
