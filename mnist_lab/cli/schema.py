"""`mnist-lab schema`: the JSON Schema of a configuration."""

import click

from mnist_lab.cli._options import debug_option, examples
from mnist_lab.terminal.output import print_json


@click.command(
    short_help="Print the JSON Schema of configurations.", epilog=examples("mnist-lab schema > mnist-lab.schema.json")
)
@click.option("--sweep", is_flag=True, help="Print the schema of sweep files instead.")
@debug_option
def schema(*, sweep: bool) -> None:
    """Print the JSON Schema of configurations, for completion and checks in editors."""
    from mnist_lab.config import json_schema
    from mnist_lab.config.sweeps import sweep_json_schema

    print_json(sweep_json_schema() if sweep else json_schema())
