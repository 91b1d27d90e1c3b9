"""Writes the ONNX graph that multiplies RootSIFT descriptors in whole numbers; the same bytes each time."""

from __future__ import annotations

from onnx import TensorProto, helper

from matcher.models.inner_products import GRAPH

OPSET = 13
IR_VERSION = 8


def graph_bytes() -> bytes:
    """Two matrices of unsigned bytes, (n, 128) and (m, 128), to their inner products, int32 (n, m)."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["right"], ["turned"], perm=[1, 0]),
            helper.make_node("MatMulInteger", ["left", "turned"], ["products"]),
        ],
        "inner_products",
        [value("left", TensorProto.UINT8, ["n", 128]), value("right", TensorProto.UINT8, ["m", 128])],
        [value("products", TensorProto.INT32, ["n", "m"])],
    )
    opset = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="matcher")
    return bytes(made.SerializeToString(deterministic=True))


if __name__ == "__main__":
    GRAPH.write_bytes(graph_bytes())
