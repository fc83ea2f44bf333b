"""Terminal output: messages, tables, and the progress of downloads, runs and sweeps.

Importing this package imports none of its modules, since not every command needs them.
"""
