"""The command line: one file per command, each a thin layer over the package; modules named `_*.py` are shared.

Importing these modules imports nothing heavy: commands import what they need when they run, so that help and completion
respond at once.
"""

from mnist_lab.cli.main import main

__all__ = ["main"]
