"""The version of mnist-lab."""

__version__ = "0.1.0"
