"""Renders Markdown from Jinja templates, and puts it between markers of a file."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mnist_lab.text.quantities import count

SHARED = Path(__file__).parent / "templates"
"""Where `table.md.jinja` is, which every template can import."""


def render(template: Path, **context: Any) -> str:
    """Render a template, which can use `count` as a filter: `{{ 3 | count("seed") }}`."""
    environment = Environment(
        loader=FileSystemLoader([template.parent, SHARED]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["count"] = count
    return environment.get_template(template.name).render(context)


def put(text: str, name: str, block: str, *, by: str) -> str:
    """Return `text` with `block` between the markers of that name.

    Args:
        text: the whole file.
        name: name of the block.
        block: the text between the markers; may be empty.
        by: the command that writes it.

    Raises:
        ValueError: the markers are missing or occur more than once.
    """
    start, end = f"<!-- {name}: written by {by} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"({re.escape(start)}\n).*?({re.escape(end)})", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"expected one {start} followed by {end}")
    return pattern.sub(lambda match: f"{match[1]}{block}\n{match[2]}", text)
