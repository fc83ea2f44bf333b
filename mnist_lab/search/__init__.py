"""Searches for a good configuration: ask for a trial, train it, promote the best, and confirm them with fresh seeds."""
