"""`mnist-lab schema`: the JSON Schema of a configuration."""

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import print_json


@_options.command(
    short_help="Print the JSON Schema of configurations.",
    epilog=_options.examples("mnist-lab schema > mnist-lab.schema.json"),
)
@click.option("--sweep", is_flag=True, help="Print the schema of sweep files instead.")
@click.option("--search", is_flag=True, help="Print the schema of search files instead.")
def schema(*, sweep: bool, search: bool) -> None:
    """Print the JSON Schema of configurations, for completion and checks in editors."""
    if sweep and search:
        raise click.UsageError("--sweep and --search cannot be combined.")
    from mnist_lab.config import json_schema
    from mnist_lab.config.searches import search_json_schema
    from mnist_lab.config.sweeps import sweep_json_schema

    print_json((sweep_json_schema if sweep else search_json_schema if search else json_schema)())
