"""The environment of the program: operating system, hardware and Python installation.

Nothing here depends on what an experiment is.
"""
