"""TensorFlow operators that tf2onnx lacks: importing this module registers them. Imports TensorFlow."""

from collections.abc import Callable
from typing import Any

import numpy as np
from tf2onnx import utils
from tf2onnx.handler import tf_op


@tf_op("Erfc")
class _Erfc:
    """The complementary error function, in GELU."""

    @classmethod
    def version_9(cls, ctx: Any, node: Any, **_: Any) -> None:
        """Convert for ONNX opset 9 or later."""
        _replace(ctx, node, "Erf", lambda one, erf: [one, erf])


@tf_op("Expm1")
class _Expm1:
    """exp(x) - 1, in CELU."""

    @classmethod
    def version_6(cls, ctx: Any, node: Any, **_: Any) -> None:
        """Convert for ONNX opset 6 or later."""
        _replace(ctx, node, "Exp", lambda one, exp: [exp, one])


def _replace(ctx: Any, node: Any, inner: str, difference: Callable[[str, str], list[str]]) -> None:
    """Replace a node of the graph `ctx` by two: `inner`, and the difference of its result and 1."""
    known = {"shapes": node.output_shapes, "dtypes": node.output_dtypes}
    one = ctx.make_const(utils.make_name("one"), np.array(1, np.float32)).output[0]
    result = ctx.make_node(inner, list(node.input), **known).output[0]
    ctx.remove_node(node.name)
    ctx.make_node("Sub", difference(one, result), name=node.name, outputs=list(node.output), **known)
