"""Reading dlib's format and converting it: every byte used, bad bytes named, always the same file."""

import hashlib
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.dlib_dat import Affine, Convolution, Dense, DlibNetwork, Plain, Pool, parse_dat
from app.matching.dlib_onnx import convert, to_onnx
from app.matching.errors import DatFormatError


def integer(value):
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def real(mantissa, exponent=0):
    return integer(mantissa) + integer(exponent)


def text(value):
    return integer(len(value)) + value.encode()


def tensor(*shape, start=0.0):
    count = int(np.prod(shape))
    values = struct.pack(f"<{count}f", *(start + i / 8 for i in range(count)))
    return integer(2) + b"".join(map(integer, shape)) + values


def alias(*shape):
    return integer(1) + b"".join(map(integer, shape))


def ints(*values):
    return b"".join(map(integer, values))


EMPTY = integer(2) + ints(0, 0, 0, 0)
FLAGS = b"010"


def tiny_dat():
    """A whole network in dlib's format: 3×3 convolution to two channels, affine, relu, mean, 2 → 4."""
    convolution = text("con_4") + tensor(56, 1, 1, 1, start=-3) + ints(2, 3, 3, 1, 1, 1, 1)
    convolution += alias(2, 3, 3, 3) + alias(1, 2, 1, 1) + real(1) * 4
    affine = text("affine_") + tensor(1, 4, 1, 1, start=1) + alias(1, 2, 1, 1) * 2 + integer(0)
    pool = text("avg_pool_2") + ints(0, 0, 1, 1, 0, 0)
    dense = text("fc_2") + ints(4, 2) + tensor(2, 4, 1, 1) + alias(2, 4, 1, 1) + alias(0, 0, 0, 0)
    dense += integer(1) + real(1) * 4
    layers = [convolution, affine, text("relu_"), pool, dense]
    body = b"".join(layer + FLAGS + EMPTY * 3 for layer in layers)
    head = integer(1) + text("loss_metric_2") + real(3, -2) + real(1, -1) + ints(2, 2, 2, 2, 2)
    source = text("input_rgb_image_sized") + real(128) + real(117) + real(104) + ints(8, 8)
    return head + source + body


def test_a_network_is_read_as_it_was_written():
    network = parse_dat(tiny_dat())
    assert (network.mean, network.size) == ((128.0, 117.0, 104.0), (8, 8))
    convolution, affine, relu, pool, dense = network.layers
    assert convolution.weights.shape == (2, 3, 3, 3)
    assert convolution.weights.reshape(-1)[1] == np.float32(-2.875)
    assert convolution.bias.tolist() == [-3 + 54 / 8, -3 + 55 / 8]
    assert (convolution.stride, convolution.pad) == ((1, 1), (1, 1))
    assert (affine.gamma.tolist(), affine.beta.tolist()) == ([1.0, 1.125], [1.25, 1.375])
    assert relu == Plain("relu")
    assert pool == Pool("avg", (0, 0), (1, 1), (0, 0))
    assert dense.weights.tolist() == [[0, 0.125, 0.25, 0.375], [0.5, 0.625, 0.75, 0.875]]


def test_the_converted_network_computes_what_the_layers_say():
    network = parse_dat(tiny_dat())
    pixels = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(convert(tiny_dat()), np.uint8), engine=cv2.dnn.ENGINE_NEW)
    net.setInput(pixels)
    found = net.forward()
    convolution, affine, *_, dense = network.layers
    padded = np.pad(pixels, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    planes = np.einsum("nchwij,fcij->nfhw", windows, convolution.weights) + convolution.bias[:, None, None]
    planes = np.maximum(planes * affine.gamma[:, None, None] + affine.beta[:, None, None], 0)
    np.testing.assert_allclose(found, planes.mean(axis=(2, 3)) @ dense.weights, rtol=1e-4, atol=1e-4)


def test_conversion_gives_the_same_bytes_each_time():
    assert convert(tiny_dat()) == convert(tiny_dat())


@pytest.mark.parametrize("cut", [0, 1, 5, 40, 100, -1, -5])
def test_a_truncated_file_is_refused(cut):
    with pytest.raises(DatFormatError):
        parse_dat(tiny_dat()[:cut])


def test_left_over_bytes_are_refused():
    with pytest.raises(DatFormatError, match="1 bytes are left over"):
        parse_dat(tiny_dat() + b"\0")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"loss_metric_2", b"loss_metric_9", "loss layer"),
        (b"relu_", b"selu_", "unknown layer"),
        (b"010", b"0x0", "flag"),
        (text("relu_"), b"\x70relu_", "integer"),
        (text("fc_2") + ints(4, 2), text("fc_2") + ints(4, 3), "last layer"),
        (ints(2, 3, 3, 1, 1, 1, 1), ints(2, 5, 3, 1, 1, 1, 1), "shape it declares"),
        (struct.pack("<f", -2.875), struct.pack("<f", np.nan), "not finite"),
    ],
)
def test_what_is_wrong_is_said(old, new, said):
    assert old in tiny_dat()
    with pytest.raises(DatFormatError, match=said):
        parse_dat(tiny_dat().replace(old, new, 1))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(tiny_dat()) - 1), st.integers(0, 255))
def test_one_changed_byte_never_ends_in_anything_but_the_typed_error(at, value):
    data = bytearray(tiny_dat())
    data[at] = value
    try:
        parse_dat(bytes(data))
    except DatFormatError as error:
        assert str(error).endswith(".")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    with pytest.raises(DatFormatError):
        parse_dat(data)


def residual(*, shrinking, channels_in=2, channels_out=2, side=6):
    stride, pad = (2, 0) if shrinking else (1, 1)
    rng = np.random.default_rng(1)

    def convolve(into, outof, stride, pad):
        weights = rng.normal(size=(into, outof, 3, 3)).astype(np.float32)
        layer = Convolution(weights, np.zeros(into, np.float32), (stride,) * 2, (pad,) * 2)
        return [layer, Affine(np.ones(into, np.float32), np.zeros(into, np.float32))]

    layers = [*convolve(channels_in, 3, 1, 1), Plain("tag"), *convolve(channels_out, channels_in, stride, pad)]
    if shrinking:
        layers += [Plain("tag"), Plain("tag"), Pool("avg", (2, 2), (2, 2), (0, 0))]
    layers += [Plain("add_prev"), Pool("avg", (0, 0), (1, 1), (0, 0))]
    layers += [Dense(np.eye(channels_out, dtype=np.float32))]
    return DlibNetwork((0.0, 0.0, 0.0), (side, side), tuple(layers))


def plain_convolution(planes, layer):
    p, s = layer.pad[0], layer.stride[0]
    padded = np.pad(planes, ((0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::s, ::s]
    return np.einsum("chwij,fcij->fhw", windows, layer.weights)


@pytest.mark.parametrize(("shrinking", "channels_out"), [(False, 2), (True, 2), (True, 5)])
def test_shortcuts_are_added_with_zeros_where_shapes_differ(shrinking, channels_out):
    """Side 6 shrinks to 2 by the convolution and to 3 by the mean: dlib fills up with zeros."""
    network = residual(shrinking=shrinking, channels_out=channels_out)
    pixels = np.random.default_rng(2).normal(size=(3, 6, 6)).astype(np.float32)
    first = plain_convolution(pixels, network.layers[0])
    branch = plain_convolution(first, network.layers[3])
    shortcut = first.reshape(2, 3, 2, 3, 2).mean(axis=(2, 4)) if shrinking else first
    side = max(branch.shape[1], shortcut.shape[1])
    total = np.zeros((channels_out, side, side))
    for part in (branch, shortcut):
        total[: part.shape[0], : part.shape[1], : part.shape[2]] += part
    data = np.frombuffer(to_onnx(network).SerializeToString(), np.uint8)
    net = cv2.dnn.readNetFromONNX(data, engine=cv2.dnn.ENGINE_NEW)
    net.setInput(pixels[None])
    np.testing.assert_allclose(net.forward()[0], total.mean(axis=(1, 2)), rtol=1e-4, atol=1e-4)


def test_networks_of_another_build_are_refused():
    good = residual(shrinking=False)
    for layers in (good.layers[:1], good.layers[:-1], good.layers[2:], (Plain("add_prev"),), (Plain("prelu"),)):
        with pytest.raises(DatFormatError):
            to_onnx(DlibNetwork(good.mean, good.size, layers))


def test_the_installed_network_has_the_pinned_digest(models_dir, extractor):
    data = (models_dir / extractor.entry.file).read_bytes()
    assert hashlib.sha256(data).hexdigest() == extractor.entry.sha256
