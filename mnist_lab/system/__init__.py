"""What surrounds the program: the operating system, the hardware and the Python installation.

Nothing here knows what an experiment is.
"""
