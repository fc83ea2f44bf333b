"""Imports Matplotlib even if the user's settings for it are broken.

Its import fails if MPLBACKEND names a backend that is not installed, as in the shell commands of a notebook, or if the
user's matplotlibrc cannot be decoded. Neither matters here: figures are drawn with Agg and their own settings.
"""

import os
import sys

from mnist_lab.system.environment import changed_environment


def import_matplotlib() -> None:
    """Import Matplotlib with the user's settings, or with its defaults if those are unusable."""
    try:
        import matplotlib
    except ImportError:
        raise
    except Exception:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # remains of the failed import
        with changed_environment({"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}):
            import matplotlib  # noqa: F401


def pyplot_works() -> bool:
    """Whether pyplot, which also reads the user's style sheets, can be imported; imports it."""
    try:
        import_matplotlib()
        import matplotlib.pyplot  # noqa: F401
    except Exception:
        return "matplotlib.pyplot" in sys.modules
    return True
