"""The tests: a package, so that tests and the processes they start can import shared helpers."""
