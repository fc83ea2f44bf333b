"""The network of a finished run, applied to image files or to another data set."""

from mnist_lab.prediction.inputs import Picture, Preparation, Signature, read_pictures, signature_of
from mnist_lab.prediction.inside import feature_maps, first_layer
from mnist_lab.prediction.network import Network, Prediction, Score, check_model

__all__ = [
    "Network",
    "Picture",
    "Prediction",
    "Preparation",
    "Score",
    "Signature",
    "check_model",
    "feature_maps",
    "first_layer",
    "read_pictures",
    "signature_of",
]
