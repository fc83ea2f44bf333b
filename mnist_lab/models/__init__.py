"""Keras models from specifications: raw pixels in, class probabilities out."""

from mnist_lab.models.custom import Builder, from_builder, identified, load_custom
from mnist_lab.models.memory import check_batch, check_optimizer, memory_errors
from mnist_lab.models.network import construct, for_training, from_config
from mnist_lab.models.summary import Summary, summarize

__all__ = [
    "Builder",
    "Summary",
    "check_batch",
    "check_optimizer",
    "construct",
    "for_training",
    "from_builder",
    "from_config",
    "identified",
    "load_custom",
    "memory_errors",
    "summarize",
]
