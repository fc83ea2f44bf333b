"""What an experiment is: typed, frozen, validated configuration, read from strict YAML; and what a sweep of them is."""

from mnist_lab.config.differences import Change, describe, differences
from mnist_lab.config.loading import Override, load_config
from mnist_lab.config.resolved import fingerprint, to_yaml
from mnist_lab.config.schema import Config, json_schema
from mnist_lab.config.sweeps.family import Sweep, check_files, load_sweep
from mnist_lab.config.sweeps.file import sweep_json_schema
from mnist_lab.config.sweeps.seeds import parse_seeds

__all__ = [
    "Change",
    "Config",
    "Override",
    "Sweep",
    "check_files",
    "describe",
    "differences",
    "fingerprint",
    "json_schema",
    "load_config",
    "load_sweep",
    "parse_seeds",
    "sweep_json_schema",
    "to_yaml",
]
