"""The public Python API, which `mnist_lab` re-exports: the commands as functions, and the objects that they return.

Paths are text or `Path`s, and `~` is expanded. Heavy libraries are imported only when a function needs them.
"""
