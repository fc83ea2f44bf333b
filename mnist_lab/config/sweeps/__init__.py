"""The runs that a sweep declares by folders, configurations and sweep files."""

from mnist_lab.config.sweeps.declaration import Sweep, load_sweep
from mnist_lab.config.sweeps.file import sweep_json_schema
from mnist_lab.config.sweeps.seeds import parse_seeds

__all__ = ["Sweep", "load_sweep", "parse_seeds", "sweep_json_schema"]
