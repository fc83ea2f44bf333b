"""Markdown from Jinja templates."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mnist_lab.text.quantities import count

SHARED = Path(__file__).parent / "templates"
"""Where `table.md.jinja` is, which every template can import."""


def render(template: Path, **context: Any) -> str:
    """The text that a template gives; `count` is there as a filter: `{{ 3 | count("seed") }}`."""
    environment = Environment(
        loader=FileSystemLoader([template.parent, SHARED]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["count"] = count
    return environment.get_template(template.name).render(context)
