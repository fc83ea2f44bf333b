"""Runs in TensorBoard and MLflow: while they are trained, or once they are finished.

`tracker.Tracker` is the interface, and `registry.tracker` gives one by its name. `finished.report` tells it about a
finished run; `background.Background` tells it about one in training, which does not wait for it.
"""
