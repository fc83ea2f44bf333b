"""The file itself: written from templates, and read back for the check."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_lab.exports.page.field import Field
from mnist_lab.exports.page.packing import Packed, unpack
from mnist_lab.prediction.network import DOUBTFUL
from mnist_lab.text.printable import printable

STYLES = ("palette.css", "draw.css")
"""The first is the report's."""
SCRIPTS = ("network.js", "preparation.js", "doubts.js", "drawing.js", "page.js")
"""In the order in which they use each other."""


@dataclass(frozen=True)
class Shown:
    """A network on the page."""

    name: str
    about: str
    """Facts about it, in a line."""
    packed: Packed


def html(field: Field, networks: Sequence[Shown]) -> str:
    """The text of the page.

    Args:
        field: what is drawn.
        networks: at least one; they stand side by side.
    """
    from mnist_lab.reports.write import rendered_page

    facts = {
        "shape": field.shape,
        "classes": [printable(name) for name in field.classes],
        "preparation": field.preparation,
        "darkOnLight": field.dark_on_light,
        "doubtful": DOUBTFUL,
        "networks": [{"name": network.name, **network.packed.as_json()} for network in networks],
    }
    text = rendered_page(
        "draw.html.jinja",
        "mnist_lab.exports.page",
        STYLES,
        SCRIPTS,
        field=field,
        networks=networks,
        facts=facts,
        weights=[base64.b64encode(network.packed.numbers().tobytes()).decode() for network in networks],
    )
    return printable(text)


def read(text: str) -> list[Packed]:
    """The networks in a page that `html` wrote."""
    facts = json.loads(_contents(text, "facts"))
    return [
        unpack(known, np.frombuffer(base64.b64decode(_contents(text, f"weights-{i}")), "<f4"))
        for i, known in enumerate(facts["networks"])
    ]


def _contents(text: str, name: str) -> str:
    found = re.search(rf'<script type="[^"]*" id="{name}">([^<]*)</script>', text)
    assert found
    return found[1]
