"""`mnist-lab schema`: the JSON Schema of a configuration."""

import json

import click

from mnist_lab.cli.options import debug_option, examples


@click.command(epilog=examples("mnist-lab schema > mnist-lab.schema.json"))
@debug_option
def schema() -> None:
    """Print the JSON Schema of a configuration, for editors that complete and check YAML."""
    from mnist_lab.config import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
