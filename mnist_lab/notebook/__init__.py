"""Output in notebooks: the progress of runs, sweeps and searches, and runs, comparisons and searches as HTML.

Only IPython is needed, which every notebook has. Colours are readable on light and dark pages, and all text is escaped.
"""

from mnist_lab.notebook.progress import run_progress, search_progress, sweep_progress
from mnist_lab.notebook.tables import run_html, search_html, study_html

__all__ = ["run_html", "run_progress", "search_html", "search_progress", "study_html", "sweep_progress"]
