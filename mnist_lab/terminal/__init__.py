"""What is said in a terminal: messages, tables, and the progress of downloads, runs and sweeps.

Importing this package imports no other module, since not every command needs them.
"""
