"""The runs that a sweep declares by folders, configurations and sweep files."""

from mnist_lab.config.sweeps.declaration import Sweep, load_sweep
from mnist_lab.config.sweeps.file import sweep_json_schema

__all__ = ["Sweep", "load_sweep", "sweep_json_schema"]
