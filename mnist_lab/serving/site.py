"""The live page of a results folder, kept up to date at a bounded cost.

Scanning the folder and computing the report each get a small share of one processor: the more expensive they are, the
less often they are repeated. Requests in between get the last result.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from mnist_lab.errors import MnistLabError
from mnist_lab.reports import collect, groups, study
from mnist_lab.runs import Collection
from mnist_lab.serving import files, pages
from mnist_lab.serving.snapshot import Snapshot, Watched

LOOKS = 0.02
"""The share of a processor for scanning the folder."""
REPORTS = 0.1
"""The share of a processor for computing the report while runs finish."""
PAUSE = 1.0
"""Minimum seconds between two scans, and between two reports."""
FIRST = 3.0
"""Maximum seconds that a request for the page waits for the first report."""


class Site:
    """The live page of a results folder; several threads may use it.

    Args:
        folder: the results folder; it may be missing or disappear.
        data_dir: where to look for the test images first.

    Raises:
        NewerFormatError: a run was written by a newer mnist-lab.
    """

    def __init__(self, folder: Path, data_dir: Path | None = None) -> None:
        self.folder = folder
        self._title = folder.resolve().name or "results"
        self._data_dir = data_dir
        self._watched = Watched(folder)
        self._places: dict[Path, str | None] = {}
        self._lock = threading.Lock()
        self._next_look = self._next_report = 0.0
        self._reporting = False
        self._first = threading.Event()
        self._problem = ""
        self._snapshot = self._watched.look()
        collect([folder] if self._snapshot.there else [], self._watched.load_run)
        self._reported: frozenset[object] = frozenset()
        self._page = self._rendered(Collection((), ()))
        self._progress = self._current()
        self._look()

    def page(self) -> str:
        """Return the whole page."""
        with self._lock:
            self._look()
        self.wait(FIRST)
        with self._lock:
            return self._page.html.replace(pages.PLACE, self._progress.html, 1)

    def wait(self, seconds: float) -> bool:
        """Wait until the report of the runs that were there at the start is computed; return whether it is."""
        return self._first.wait(seconds)

    def progress(self) -> pages.ProgressPage:
        """Return what is in progress."""
        with self._lock:
            self._look()
            return self._progress

    def listing(self, place: Sequence[str]) -> str:
        """Return a page with the files of a run folder; raises what `files.listing` does."""
        return pages.listing(place, files.listing(self.folder, place))

    def has_run(self, place: Sequence[str]) -> bool:
        """Return whether the folder with this path below the results folder has a run that is on the page."""
        with self._lock:
            self._look()
            return "/".join(place) in self._places.values()

    def has_search(self, folder: str) -> bool:
        """Return whether there is a search in the folder of this name."""
        with self._lock:
            self._look()
            return any(search.folder == folder for search in self._snapshot.searches)

    def _look(self) -> None:
        """Scan the folder again if it is time, and start computing the report if runs have finished."""
        begun, used = time.monotonic(), time.thread_time()
        if begun < self._next_look:
            return
        self._snapshot = self._watched.look()
        self._progress = self._current()
        now = time.monotonic()
        self._next_look = now + max(PAUSE, now - begun, (time.thread_time() - used) / LOOKS)
        if self._snapshot.finished == self._reported:
            self._first.set()
        elif not self._reporting and now >= self._next_report:
            self._reporting = True
            threading.Thread(target=self._update, args=(self._snapshot,), name="report", daemon=True).start()

    def _update(self, snapshot: Snapshot) -> None:
        begun = time.thread_time()
        reported, page, problem = snapshot.finished, self._page, ""
        try:
            page = self._rendered(collect([self.folder] if snapshot.there else [], self._watched.load_run))
        except Exception as error:  # it is shown on the page
            expected = isinstance(error, MnistLabError)
            reported, problem = self._reported, str(error) if expected else f"{type(error).__name__}: {error}"
        with self._lock:
            self._reported, self._page, self._problem = reported, page, problem
            self._next_report = time.monotonic() + max(PAUSE, (time.thread_time() - begun) / REPORTS)
            self._reporting = False
            self._progress = self._current()
            self._first.set()

    def _rendered(self, found: Collection) -> pages.Page:
        compared = study(self._title, groups(found.runs), found.problems)
        return pages.page(compared, self.folder, self._data_dir, self._address)

    def _current(self) -> pages.ProgressPage:
        behind = len(self._snapshot.finished - self._reported)
        return pages.progress(
            self._snapshot, self._title, self._page, self._address, behind=behind, problem=self._problem
        )

    def _address(self, run: Path) -> str | None:
        """Return the address of a run's folder; None for the results folder itself, or if a link leads out of that."""
        if run not in self._places:
            try:
                place = run.resolve().relative_to(self.folder.resolve()).as_posix()
            except (OSError, ValueError):
                place = None
            self._places[run] = "" if place == "." else place
        return quote(self._places[run] or "") or None
