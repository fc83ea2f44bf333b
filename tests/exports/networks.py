"""A small network for each layer that a configuration can have."""

END = ["flatten", {"dense": {"units": "classes", "activation": "softmax"}}]
SMALL = [{"max_pool": 4}, {"conv": {"filters": 4, "activation": "relu"}}]
"""Makes the images small and gives them channels."""

NETWORKS = {
    "conv": [*SMALL, {"conv": {"filters": 5, "kernel": [2, 3], "strides": 2, "padding": "same", "bias": False}}],
    "depthwise_conv": [*SMALL, {"depthwise_conv": {"kernel": 3, "depth_multiplier": 2, "padding": "same"}}],
    "separable_conv": [*SMALL, {"separable_conv": {"filters": 6, "depth_multiplier": 2, "activation": "relu"}}],
    "max_pool": [*SMALL, {"max_pool": {"size": 3, "strides": 2, "padding": "same"}}],
    "average_pool": [*SMALL, {"average_pool": {"size": 3, "strides": 2, "padding": "same"}}],
    "global_average_pool": [*SMALL, "global_average_pool"],
    "global_max_pool": [*SMALL, "global_max_pool"],
    "zero_pad": [*SMALL, {"zero_pad": [1, 2]}, {"conv": 3}],
    "batch_norm": [*SMALL, "batch_norm", {"batch_norm": {"center": False, "scale": False}}],
    "layer_norm": [*SMALL, "layer_norm"],
    "dropout": [*SMALL, {"dropout": 0.5}],
    "spatial_dropout": [*SMALL, {"spatial_dropout": 0.5}],
    "activation": [*SMALL, {"activation": "tanh"}],
    "flatten": [*SMALL, "flatten", {"dense": 8}],
    "rows": ["rows", {"dense": {"units": 8, "activation": "relu"}}],
    "dense": [*SMALL, {"dense": {"units": 6, "activation": "relu", "bias": False}}],
    "residual": [
        *SMALL,
        {"residual": {"layers": [{"conv": {"filters": 4, "padding": "same"}}]}},
        {"residual": {"layers": [{"conv": {"filters": 6, "strides": 2, "padding": "same"}}, "batch_norm"]}},
    ],
}


def network(layers):
    return {"data": {"dataset": "digits"}, "model": {"kind": "cnn", "layers": layers}, "experiment": "tiny"}
