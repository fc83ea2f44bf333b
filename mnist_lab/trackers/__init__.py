"""Logs runs to TensorBoard and MLflow: while they are trained, or once they are finished.

`tracker.Tracker` is the interface, and `registry.tracker` returns one by its name. `finished.report` logs a finished
run; `background.Background` logs one in training, which does not wait for it.
"""
