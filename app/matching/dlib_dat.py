"""Reader of dlib's serialised face network (.dat), so that dlib itself need not be built.

The format is dlib's own: integers are a control byte (low nibble = number of bytes, high bit = sign) and
little-endian bytes; floats a mantissa and an exponent as such integers; tensors a version, four dimensions
and raw little-endian float32. A network is a list of nested layer headers, outermost first, then the input
layer, then each layer's parameters from the input outwards.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.matching.errors import DatFormatError

_ADD_LAYER, _ADD_LAYER_WITHOUT_GRADIENT, _TAG = 2, 3, 1
_INPUT = "input_rgb_image_sized"


@dataclass(frozen=True, slots=True)
class Convolution:
    """weights: (filters, channels, rows, columns), bias: (filters,), both float32; stride and pad are (y, x)."""

    weights: np.ndarray
    bias: np.ndarray
    stride: tuple[int, int]
    pad: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Affine:
    """Frozen batch normalisation: y = gamma * x + beta per channel, both (channels,) float32."""

    gamma: np.ndarray
    beta: np.ndarray


@dataclass(frozen=True, slots=True)
class Pool:
    """A pooling window of (rows, columns); (0, 0) means the whole plane."""

    kind: str
    window: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Dense:
    """weights: (inputs, outputs) float32, without bias."""

    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class Plain:
    """A layer without numbers: ``relu``, ``add_prev`` (add what was tagged) or ``tag`` (a tag or a skip)."""

    kind: str


Layer = Convolution | Affine | Pool | Dense | Plain


@dataclass(frozen=True, slots=True)
class DlibNetwork:
    """mean: RGB subtracted from pixels; size: (rows, columns) of the input; layers in order of execution."""

    mean: tuple[float, float, float]
    size: tuple[int, int]
    layers: tuple[Layer, ...]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if count < 0 or len(piece) != count:
            raise DatFormatError(f"The network file ends at byte {len(self.data)}, in the middle of a value.")
        self.at += count
        return piece

    def integer(self) -> int:
        start = self.at
        control = self.take(1)[0]
        size = control & 0x0F
        if control & 0x70 or not 1 <= size <= 8:
            raise DatFormatError(f"Byte {start} of the network file begins no integer.")
        value = int.from_bytes(self.take(size), "little")
        return -value if control & 0x80 else value

    def expect(self, what: str, *values: int) -> int:
        start, value = self.at, self.integer()
        if value not in values:
            raise DatFormatError(f"At byte {start} of the network file, {what} is {value}.")
        return value

    def integers(self, count: int) -> tuple[int, ...]:
        return tuple(self.integer() for _ in range(count))

    def real(self) -> float:
        start, mantissa, exponent = self.at, self.integer(), self.integer()
        if abs(exponent) > 1100:
            raise DatFormatError(f"Byte {start} of the network file begins no finite number.")
        return math.ldexp(mantissa, exponent)

    def flag(self) -> bool:
        start, byte = self.at, self.take(1)
        if byte not in (b"0", b"1"):
            raise DatFormatError(f"Byte {start} of the network file is no flag.")
        return byte == b"1"

    def text(self) -> str:
        start, size = self.at, self.integer()
        raw = self.take(size) if 0 <= size <= 64 else b"\xff"
        if not raw.isascii():
            raise DatFormatError(f"Byte {start} of the network file begins no name.")
        return raw.decode("ascii")

    def shape(self) -> tuple[int, int, int, int]:
        samples, channels, rows, columns = self.integers(4)
        if min(samples, channels, rows, columns) < 0:
            raise DatFormatError(f"A tensor before byte {self.at} of the network file has a negative size.")
        return samples, channels, rows, columns

    def alias(self) -> tuple[int, int, int, int]:
        self.expect("the version of a tensor's alias", 1)
        return self.shape()

    def tensor(self) -> np.ndarray:
        self.expect("the version of a tensor", 2)
        shape = self.shape()
        values = np.frombuffer(self.take(4 * math.prod(shape)), "<f4").reshape(shape)
        if not np.isfinite(values).all():
            raise DatFormatError(f"A tensor before byte {self.at} of the network file is not finite.")
        return values


def _split(parameters: np.ndarray, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    flat, pieces, at = parameters.reshape(-1), [], 0
    for shape in shapes:
        size = math.prod(shape)
        pieces.append(flat[at : at + size])
        at += size
    if at != flat.size:
        raise DatFormatError(f"A layer has {flat.size} parameters where its shapes ask for {at}.")
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]


def _convolution(reader: _Reader, name: str) -> Layer:
    parameters = reader.tensor()
    filters, rows, columns, *geometry = reader.integers(7)
    kernel, bias = reader.alias(), reader.alias()
    for _ in range(4):
        reader.real()
    if name == "con_5":
        reader.flag()
    weights, biases = _split(parameters, kernel, bias)
    if kernel[0] != filters or kernel[2:] != (rows, columns) or biases.size != filters:
        raise DatFormatError("A convolution's parameters do not have the shape it declares.")
    return Convolution(weights, biases.reshape(-1), (geometry[0], geometry[1]), (geometry[2], geometry[3]))


def _affine(reader: _Reader, _: str) -> Layer:
    parameters = reader.tensor()
    shapes = reader.alias(), reader.alias()
    reader.expect("the mode of an affine layer", 0)
    gamma, beta = _split(parameters, *shapes)
    return Affine(gamma.reshape(-1), beta.reshape(-1))


def _dense(reader: _Reader, _: str) -> Layer:
    outputs, inputs = reader.integers(2)
    parameters = reader.tensor()
    reader.alias(), reader.alias()
    reader.integer()
    for _repeat in range(4):
        reader.real()
    if parameters.shape != (inputs, outputs, 1, 1):
        raise DatFormatError("The network's last layer is not the one without bias that is expected here.")
    return Dense(parameters.reshape(inputs, outputs))


def _pool(reader: _Reader, name: str) -> Layer:
    rows, columns, *geometry = reader.integers(6)
    return Pool(name[:3], (rows, columns), (geometry[0], geometry[1]), (geometry[2], geometry[3]))


def _plain(_: _Reader, name: str) -> Layer:
    return Plain(name.rstrip("_"))


_PARTS: dict[str, Callable[[_Reader, str], Layer]] = {
    "con_4": _convolution,
    "con_5": _convolution,
    "affine_": _affine,
    "fc_2": _dense,
    "fc_3": _dense,
    "max_pool_2": _pool,
    "avg_pool_2": _pool,
    "relu_": _plain,
    "add_prev_": _plain,
}


def _headers(reader: _Reader) -> list[int]:
    headers = []
    start = bytes([1, len(_INPUT)]) + _INPUT.encode("ascii")
    while not reader.data.startswith(start, reader.at):
        headers.append(reader.expect("a layer's version", _TAG, _ADD_LAYER, _ADD_LAYER_WITHOUT_GRADIENT))
    return headers


def _layer(reader: _Reader, header: int) -> Layer:
    if header == _TAG:
        return Plain("tag")
    start, name = reader.at, reader.text()
    if name not in _PARTS:
        raise DatFormatError(f"Byte {start} of the network file names the unknown layer “{name}”.")
    layer = _PARTS[name](reader, name)
    for _ in range(3):
        reader.flag()
    for _ in range(3):
        reader.tensor()
    if header == _ADD_LAYER_WITHOUT_GRADIENT:
        reader.integer()
    return layer


def parse_dat(data: bytes) -> DlibNetwork:
    """Read a whole serialised network. Raises DatFormatError unless every byte is understood and used."""
    reader = _Reader(data)
    reader.expect("the loss layer's version", 1)
    if (loss := reader.text()) != "loss_metric_2":
        raise DatFormatError(f"The network file begins with the loss layer “{loss}”, not loss_metric_2.")
    reader.real(), reader.real()
    headers = _headers(reader)
    reader.text()
    red, green, blue = reader.real(), reader.real(), reader.real()
    rows, columns = reader.integers(2)
    layers = tuple(_layer(reader, header) for header in reversed(headers))
    if reader.at != len(data):
        raise DatFormatError(f"{len(data) - reader.at} bytes are left over at the end of the network file.")
    return DlibNetwork((red, green, blue), (rows, columns), layers)
