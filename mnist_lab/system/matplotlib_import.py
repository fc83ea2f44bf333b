"""Matplotlib's import, which the settings of a user cannot break.

Matplotlib refuses to be imported where MPLBACKEND names a backend that is not installed, as a notebook's does for the
shell commands in it, or where it cannot decode the user's matplotlibrc. Neither matters here: figures are drawn with
Agg and under settings of their own.
"""

import os
import sys

from mnist_lab.system.environment import changed_environment


def import_matplotlib() -> None:
    """Import Matplotlib with the user's settings, or with its own defaults where those cannot be used."""
    try:
        import matplotlib
    except ImportError:
        raise
    except Exception:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # what was imported before it failed would not be bound to the package any more
        with changed_environment({"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}):
            import matplotlib  # noqa: F401


def pyplot_works() -> bool:
    """Whether pyplot, which also reads the user's style sheets, can be imported; it is, then."""
    try:
        import_matplotlib()
        import matplotlib.pyplot  # noqa: F401
    except Exception:
        return "matplotlib.pyplot" in sys.modules
    return True
