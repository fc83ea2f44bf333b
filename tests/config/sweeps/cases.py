"""Sweeps to try: a base, files beside it, and the sweep or the error that they lead to."""

from collections.abc import Sequence
from typing import Any

import pytest

from mnist_lab.config import Override
from mnist_lab.config.sweeps import Sweep, load_sweep
from mnist_lab.errors import ConfigError
from tests.lab import write

BASE = "data: {dataset: mnist}\nmodel: {kind: mlp, nodes: [8, 4], dropout: 0.2}\ntrain: {epochs: 4}\n"
OTHER = "extends: base.yaml\ntrain: {epochs: 5}\n"


def sweep_of(text: str, *options: str, **arguments: Any) -> Sweep:
    """The sweep of a sweep file beside `base.yaml`."""
    write("base.yaml", BASE)
    overrides = [Override.parse(option) for option in options]
    return load_sweep([write("rates.yaml", f"base: base.yaml\n{text}")], overrides, **arguments)


def refusal(references: Sequence[str], *options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_sweep(references, [Override.parse(option) for option in options])
    return str(caught.value)


def refused(text: str, *options: str) -> str:
    """The message about a sweep file beside `base.yaml` whose text begins in line 2."""
    write("base.yaml", BASE)
    return refusal([write("rates.yaml", f"base: base.yaml\n{text}")], *options)


def experiments(sweep: Sweep) -> list[str | None]:
    return list(dict.fromkeys(config.experiment for config in sweep.configs))


def arm_names(sweep: Sweep) -> list[str | None]:
    return [config.name for config in sweep.configs if config.name != "base"]
