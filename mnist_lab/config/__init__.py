"""The configuration of an experiment: typed, immutable, validated, and read from strict YAML."""

from mnist_lab.config.differences import Change, describe, differences
from mnist_lab.config.loading import Override, load_config
from mnist_lab.config.resolved import fingerprint, to_yaml
from mnist_lab.config.schema import Config, json_schema

__all__ = [
    "Change",
    "Config",
    "Override",
    "describe",
    "differences",
    "fingerprint",
    "json_schema",
    "load_config",
    "to_yaml",
]
