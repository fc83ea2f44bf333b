"""Searches for a good configuration: ask for a trial, train it, promote the best, and confirm them with new seeds.

`record` holds what a search knows, `tuner` decides what comes next, `pipeline` runs it from the file to the verdict.
"""

from mnist_lab.search.forecast import Forecast
from mnist_lab.search.observer import Observer, RunningTrial
from mnist_lab.search.pipeline import BEST, Tuned, tune
from mnist_lab.search.record import Search, Trial

__all__ = ["BEST", "Forecast", "Observer", "RunningTrial", "Search", "Trial", "Tuned", "tune"]
