"""Keras' backend: which one, on which device, with how many threads, and the import of Keras.

`choose` and `start` settle all of this, before Keras is first imported.
"""

from mnist_lab.backends.choice import choose
from mnist_lab.backends.keras_import import environment, import_keras
from mnist_lab.backends.startup import Backend, in_turn, start
from mnist_lab.config.backend import installed

__all__ = ["Backend", "choose", "environment", "import_keras", "in_turn", "installed", "start"]
