"""The command line: a command per file, each a thin layer over the package.

Nothing heavy is imported when these modules are: commands import what they need when they run, so that help and
completion are immediate.
"""

from mnist_lab.cli.main import main

__all__ = ["main"]
