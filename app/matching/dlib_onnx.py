"""From dlib's face network to an ONNX file, always with the same bytes for the same input.

Determinism: node names and order follow from the layers, weights are stored raw, no producer version or date
is written, and protobuf emits fields by number. So the converted file has one SHA-256, which the catalogue
pins (the NIST record of a model names a file digest too, FAIR-2).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from app.matching.dlib_dat import Affine, Convolution, Dense, DlibNetwork, Plain, Pool, parse_dat
from app.matching.errors import DatFormatError

_OPSET, _IR_VERSION = 13, 8


@dataclass(frozen=True, slots=True)
class _Value:
    """A tensor of the graph: its name, its channels and its (square) side in pixels."""

    name: str
    channels: int
    side: int


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, values: np.ndarray) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolve(self, value: _Value, layer: Convolution, affine: Affine) -> _Value:
        """Convolution with the affine layer behind it folded into its weights."""
        filters, channels, rows, columns = layer.weights.shape
        if channels != value.channels or rows != columns or layer.stride[0] != layer.stride[1]:
            raise DatFormatError("A convolution of the network does not fit what comes before it.")
        weights = layer.weights * affine.gamma[:, None, None, None]
        bias = layer.bias * affine.gamma + affine.beta
        name = self.node(
            "Conv",
            [value.name, self.weight(weights), self.weight(bias)],
            kernel_shape=[rows, columns],
            strides=list(layer.stride),
            pads=[*layer.pad, *layer.pad],
        )
        return _Value(name, filters, (value.side + 2 * layer.pad[0] - rows) // layer.stride[0] + 1)

    def pool(self, value: _Value, layer: Pool) -> _Value:
        if layer.window == (0, 0):
            return _Value(self.node("GlobalAveragePool", [value.name]), value.channels, 1)
        name = self.node(
            "MaxPool" if layer.kind == "max" else "AveragePool",
            [value.name],
            kernel_shape=list(layer.window),
            strides=list(layer.stride),
            pads=[*layer.pad, *layer.pad],
        )
        side = (value.side + 2 * layer.pad[0] - layer.window[0]) // layer.stride[0] + 1
        return _Value(name, value.channels, side)

    def grown(self, value: _Value, channels: int, side: int) -> _Value:
        """The value with zeros behind its channels, below and to the right: what dlib's add_prev implies."""
        if (value.channels, value.side) == (channels, side):
            return value
        more = side - value.side
        pads = self.weight(np.array([0, 0, 0, 0, 0, channels - value.channels, more, more], np.int64))
        return _Value(self.node("Pad", [value.name, pads], mode="constant"), channels, side)

    def add(self, one: _Value, other: _Value) -> _Value:
        channels, side = max(one.channels, other.channels), max(one.side, other.side)
        one, other = self.grown(one, channels, side), self.grown(other, channels, side)
        return _Value(self.node("Add", [one.name, other.name]), channels, side)


class _Tags:
    """What dlib's unnumbered tag and skip layers mean in a residual network.

    A block begins with a tag (remember the input); only a shrinking block has two more: a tag behind its
    convolutions and a skip back to the block's input.
    """

    def __init__(self) -> None:
        self.kept: list[_Value] = []

    def meet(self, value: _Value) -> _Value:
        if len(self.kept) == 2:
            return self.kept[0]
        self.kept.append(value)
        return value

    def partner(self) -> _Value:
        if not self.kept:
            raise DatFormatError("The network adds a tensor that it never tagged.")
        partner = self.kept[-1]
        self.kept = []
        return partner


def to_onnx(network: DlibNetwork) -> onnx.ModelProto:
    """The network as ONNX: ``input`` (n, 3, rows, columns) float32, RGB already ``(x - mean) / 256``, to
    ``embedding`` (n, 128) float32, not normalised. Raises DatFormatError for another kind of network."""
    if network.size[0] != network.size[1]:
        raise DatFormatError("The network's input is not square.")
    graph, tags = _Graph(), _Tags()
    value = _Value("input", 3, network.size[0])
    layers = iter(network.layers)
    outputs = None
    for layer in layers:
        match layer:
            case Convolution():
                affine = next(layers, None)
                if not isinstance(affine, Affine):
                    raise DatFormatError("A convolution of the network has no affine layer behind it.")
                value = graph.convolve(value, layer, affine)
            case Pool():
                value = graph.pool(value, layer)
            case Plain("tag"):
                value = tags.meet(value)
            case Plain("add_prev"):
                value = graph.add(value, tags.partner())
            case Plain("relu"):
                value = _Value(graph.node("Relu", [value.name]), value.channels, value.side)
            case Dense(weights) if weights.shape[0] == value.channels and value.side == 1:
                flat = graph.node("Flatten", [value.name], axis=1)
                graph.nodes.append(helper.make_node("Gemm", [flat, graph.weight(weights)], ["embedding"]))
                outputs = weights.shape[1]
            case _:
                raise DatFormatError("The network's layers are not in an order this reader knows.")
    if outputs is None:
        raise DatFormatError("The network has no last layer.")
    return _model(graph, network.size[0], outputs)


def _model(graph: _Graph, side: int, outputs: int) -> onnx.ModelProto:
    shape_in: list[str | int] = ["n", 3, side, side]
    shape_out: list[str | int] = ["n", outputs]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "dlib_face_recognition_resnet_model_v1",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape_in)],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, shape_out)],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    onnx.checker.check_model(model)
    return model


def convert(dat: bytes) -> bytes:
    """The bytes of the ONNX file for the bytes of a dlib .dat file. Raises DatFormatError on bad input."""
    written: bytes = to_onnx(parse_dat(dat)).SerializeToString(deterministic=True)
    return written
