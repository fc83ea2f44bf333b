"""The network of a finished run, applied to image files or to another data set."""

from mnist_lab.prediction.inputs import Picture, Preparation, Signature, load_fitting, read_pictures, signature_of
from mnist_lab.prediction.inside import feature_maps, first_layer
from mnist_lab.prediction.network import Network, check_model, load_network, warning

__all__ = [
    "Network",
    "Picture",
    "Preparation",
    "Signature",
    "check_model",
    "feature_maps",
    "first_layer",
    "load_fitting",
    "load_network",
    "read_pictures",
    "signature_of",
    "warning",
]
