"""Matplotlib figures as SVG inside an HTML page: text stays text, and the page's style sheet decides the colours."""

import io
import re
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FONT = re.compile(r"font-family: [^;\"]*;? ?")
_COLOUR = re.compile(r"(?<=: )#([0-9a-f]{6})")
_REFERENCE = re.compile(r'(?<=href="#)[^"]+|(?<=url\(#)[^)]+')
_ID = re.compile(r' id="([^"]+)"')
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)


def inline_svg(figure: "Figure", name: str, label: str) -> Markup:
    """The figure as an `<svg>` element.

    Every colour `#0072b2` becomes `var(--c-0072b2, #0072b2)`, so that a page can have another one in the dark.

    Args:
        figure: what to draw.
        name: unlike that of any other figure of the page; keeps their ids apart.
        label: what the picture shows, for people who do not see it.
    """
    from mnist_lab.plots.style import style

    text = io.StringIO()
    # A fixed salt, and no date: equal figures give equal text.
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
