"""The command line: a command per file of its name, each a thin layer over the package; `_x.py` is what they share.

Importing these modules imports nothing heavy: commands import what they need when they run, so that help and completion
respond at once.
"""

from mnist_lab.cli.main import main

__all__ = ["main"]
