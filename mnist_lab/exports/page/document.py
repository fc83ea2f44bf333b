"""The file itself: written from templates, and read back for the check."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_lab.exports.page.field import Field
from mnist_lab.exports.page.packing import Packed, unpack
from mnist_lab.prediction.network import DOUBTFUL
from mnist_lab.text.printable import printable
from mnist_lab.version import __version__

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
    from markupsafe import Markup

    from mnist_lab.reports.write import templates

    environment = templates("mnist_lab.exports.page")
    environment.filters["sha256"] = _sha256
    assert environment.loader
    styles, scripts = (
        [Markup(environment.loader.get_source(environment, name)[0]) for name in names] for names in (STYLES, SCRIPTS)
    )
    facts = {
        "shape": field.shape,
        "classes": [printable(name) for name in field.classes],
        "preparation": field.preparation,
        "darkOnLight": field.dark_on_light,
        "doubtful": DOUBTFUL,
        "networks": [{"name": network.name, **network.packed.as_json()} for network in networks],
    }
    text = environment.get_template("draw.html.jinja").render(
        field=field,
        networks=networks,
        facts=facts,
        weights=[base64.b64encode(network.packed.numbers().tobytes()).decode() for network in networks],
        style=Markup("\n").join(styles),
        scripts=scripts,
        version=__version__,
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


def _sha256(text: str) -> str:
    """As a content security policy names a script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
