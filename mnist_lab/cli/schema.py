"""`mnist-lab schema`: the JSON Schema of a configuration."""

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import print_json


@_options.command(
    short_help="Print the JSON Schema of configurations.",
    epilog=_options.examples("mnist-lab schema > mnist-lab.schema.json"),
)
@click.option("--sweep", "kind", flag_value="sweep", help="Print the schema of sweep files instead.")
@click.option("--search", "kind", flag_value="search", help="Print the schema of search files instead.")
def schema(*, kind: str | None) -> None:
    """Print the JSON Schema of configurations, for completion and checks in editors."""
    from mnist_lab.config import json_schema
    from mnist_lab.config.searches import search_json_schema
    from mnist_lab.config.sweeps import sweep_json_schema

    print_json({"sweep": sweep_json_schema, "search": search_json_schema}.get(str(kind), json_schema)())
