"""The report as a live page on this machine, with the runs and sweeps in progress.

`snapshot` reads the contents of a results folder, `pages` renders them, `site` keeps the page up to date, `files`
opens the files of runs, and `server` answers a browser.
"""

from mnist_lab.serving.server import Server, listening
from mnist_lab.serving.site import Site

__all__ = ["Server", "Site", "listening"]
