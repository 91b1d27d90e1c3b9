"""Writes the ONNX graphs that multiply RootSIFT descriptors in whole numbers; the same bytes each time."""

from __future__ import annotations

from onnx import TensorProto, helper

from matcher.models.inner_products import SIGNED, UNSIGNED

OPSET = 13
IR_VERSION = 8


def graph_bytes(*, signed: bool) -> bytes:
    """Two matrices of bytes, (n, 128) and (m, 128), to their inner products, int32 (n, m).

    The first is unsigned, the second `signed` or not.
    """
    value = helper.make_tensor_value_info
    right = TensorProto.INT8 if signed else TensorProto.UINT8
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["right"], ["turned"], perm=[1, 0]),
            helper.make_node("MatMulInteger", ["left", "turned"], ["products"]),
        ],
        "inner_products",
        [value("left", TensorProto.UINT8, ["n", 128]), value("right", right, ["m", 128])],
        [value("products", TensorProto.INT32, ["n", "m"])],
    )
    opset = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="matcher")
    return bytes(made.SerializeToString(deterministic=True))


if __name__ == "__main__":
    UNSIGNED.write_bytes(graph_bytes(signed=False))
    SIGNED.write_bytes(graph_bytes(signed=True))
