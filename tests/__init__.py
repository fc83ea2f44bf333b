"""The tests: a package, so that they and the processes they start can import shared helpers."""
