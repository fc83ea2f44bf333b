"""What a sweep declares: the runs that folders, configurations and sweep files stand for."""

from mnist_lab.config.sweeps.declaration import Sweep, check_files, load_sweep
from mnist_lab.config.sweeps.file import sweep_json_schema
from mnist_lab.config.sweeps.seeds import parse_seeds

__all__ = ["Sweep", "check_files", "load_sweep", "parse_seeds", "sweep_json_schema"]
