"""`mnist-lab summary`: layers and parameter counts, without training."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnist_lab.cli import _options
from mnist_lab.terminal.output import print_json


@_options.command(
    short_help="Show the layers and parameter counts of a network.",
    epilog=_options.examples(
        "mnist-lab summary configs/mlp_512.yaml", "mnist-lab summary two_models/mlp_5x30 two_models/cnn_20_40_60"
    ),
)
@_options.config_argument
@_options.config
@_options.data_dir
@_options.json
def summary(references: tuple[str, ...], data_dir: Path | None, *, as_json: bool, **values: Any) -> None:
    """Show the layers, output shapes and parameter counts of configurations, without training."""
    configs = _options.load_all(references, _options.overrides(**values))
    from mnist_lab.experiment.build import preview
    from mnist_lab.terminal.consoles import console
    from mnist_lab.terminal.tables import print_table
    from mnist_lab.text.quantities import parameters

    summaries = preview(zip(references, configs, strict=True), data_dir)
    if as_json:
        pairs = zip(references, summaries, strict=True)
        tables = [{"config": reference, **asdict(summary)} for reference, summary in pairs]
        print_json(tables if len(tables) > 1 else tables[0])
        return
    output = console()
    for i, (config, network) in enumerate(zip(configs, summaries, strict=True)):
        if i:
            output.print()
        output.print(": ".join(filter(None, [config.name, config.description])), style="bold", markup=False)
        output.print()
        print_table(*network.table())
        output.print(parameters(network.parameters.trainable, network.parameters.total))
