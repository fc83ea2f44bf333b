"""The environment of the program: operating system, hardware and Python installation.

Nothing here knows about experiments.
"""
