"""Loading a network: the bytes that were hashed are the bytes that run."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from app.matching.catalogue import Check
from app.matching.errors import ModelDigestError, ModelMissing, ModelSelfTestError


def load_network(path: Path, sha256: str) -> tuple[cv2.dnn.Net, str]:
    """The network in an ONNX file and the hex SHA-256 of the bytes it was made from.

    The file is read once, so that no other bytes can run than those whose digest is recorded. OpenCV 5's new
    engine is asked for by name (2.5 times faster on the detector than the classic one, docs/decisions/0003).
    Raises ModelMissing, ModelDigestError, or ModelSelfTestError when OpenCV refuses the file.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelMissing(
            f"The model file {path.name} is not installed; run “flask matching models install”."
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise ModelDigestError(path.name, sha256, digest)
    return read_network(data, path.name), digest


def read_network(data: bytes, name: str) -> cv2.dnn.Net:
    """An OpenCV network from ONNX bytes. Raises ModelSelfTestError when OpenCV cannot use them."""
    try:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8), engine=cv2.dnn.ENGINE_NEW)
    except cv2.error as error:
        raise ModelSelfTestError(f"OpenCV cannot load {name}: {error.err}.") from error
    if net.empty():
        raise ModelSelfTestError(f"OpenCV cannot load {name}.")
    return net


def fixed_input(shape: tuple[int, int, int, int]) -> np.ndarray:
    """A reproducible noise blob of ``shape`` (n, channels, rows, columns), float32 in [-0.5, 0.5).

    Integer arithmetic only (Knuth's multiplicative hash), so it is the same in every NumPy version.
    """
    index = np.arange(np.prod(shape), dtype=np.uint64)
    noise = (index * np.uint64(2654435761)) % np.uint64(1 << 32) >> np.uint64(16)
    return (noise.astype(np.float32) / 65536 - 0.5).reshape(shape)


def check_network(net: cv2.dnn.Net, check: Check, name: str) -> None:
    """Run the fixed input and compare with the catalogue's known numbers. Raises ModelSelfTestError."""
    net.setInput(fixed_input(check.shape))
    try:
        output = net.forward(check.output)
    except cv2.error as error:
        raise ModelSelfTestError(f"{name} does not run on this machine: {error.err}.") from error
    found = output.reshape(-1)[: len(check.values)]
    known = np.array(check.values, np.float32)
    if found.shape != known.shape or not np.allclose(found, known, rtol=0, atol=check.tolerance):
        raise ModelSelfTestError(f"{name} answers the fixed input with other numbers than the known ones.")
