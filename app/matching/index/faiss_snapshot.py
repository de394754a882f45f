"""The codes of a FAISS index as an encrypted file, so that a restart needs not decrypt every template again.

Format: a line that names it, then boxes, each preceded by its length (8 bytes, little endian). The first box is a
JSON header, each further one holds a block: the largest rounding error (float64), codes, photograph ids, person ids.
What encrypts is handed in: ``encrypt(content, purpose)`` and ``decrypt(box, purpose)``, where a box opens only for
the purpose it was sealed for. Each block's purpose names the snapshot and the block's number: blocks can neither be
swapped, left out, nor taken from another snapshot. Codes of templates are biometric data: whoever removes a photograph
must also destroy the key of every snapshot that holds it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from app.matching.errors import MixedModels, SnapshotError
from app.matching.ids import ID_BYTES, as_bytes, packed_from
from app.matching.index.faiss import FaissIndex
from app.matching.index.faiss_block import Block

Sealing = Callable[[bytes, bytes], bytes]

_MAGIC = b"corroborate faiss snapshot 1\n"
_HEADER_PURPOSE = b"index-snapshot"


def save(
    index: FaissIndex,
    path: Path,
    encrypt: Sealing,
    on_progress: Callable[[int, int], object] = lambda *_: None,
) -> None:
    """Write the index to ``path``, a block at a time; a crash leaves the file that was there before.

    on_progress: called with (photographs done, photographs in all). Raises OSError and what ``encrypt`` raises.
    """
    mark = secrets.token_hex(16)
    header = {
        "mark": mark,
        "model": index.model_digest,
        "dims": index.dims,
        "generation": index.generation,
        "photographs": len(index),
        "blocks": [block.count for block in index.blocks],
    }
    part = path.with_suffix(".part")
    done = 0
    try:
        with part.open("wb") as stream:
            stream.write(_MAGIC)
            _write(stream, encrypt(json.dumps(header).encode(), _HEADER_PURPOSE))
            for number, block in enumerate(index.blocks):
                _write(stream, encrypt(_content(block), _purpose(mark, number)))
                done += block.count
                on_progress(done, len(index))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(
    index: FaissIndex, path: Path, decrypt: Sealing, on_progress: Callable[[int, int], object] = lambda *_: None
) -> None:
    """Fill an empty index from ``path``; all or nothing. It then stands at the snapshot's generation.

    Raises MixedModels for a snapshot of another network, SnapshotError for a damaged one, OSError, what ``decrypt``
    raises, and ValueError when the index is not empty.
    """
    if len(index):
        raise ValueError("Only an empty index can be filled from a snapshot.")
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise SnapshotError("The file is not a snapshot of a FAISS index.")
        header = json.loads(decrypt(_read(stream), _HEADER_PURPOSE))
        if (header["model"], header["dims"]) != (index.model_digest, index.dims):
            raise MixedModels(
                f"The snapshot was made with the network {header['model']}, but the index is of the network "
                f"{index.model_digest}; the gallery must be indexed again."
            )
        blocks, done = [], 0
        for number, count in enumerate(header["blocks"]):
            content = decrypt(_read(stream), _purpose(header["mark"], number))
            blocks.append(_block(content, count, index.dims, index.block_rows))
            done += count
            on_progress(done, header["photographs"])
        if stream.read(1):
            raise SnapshotError("The snapshot is damaged: it goes on after its last block.")
    index.fill(blocks, generation=header["generation"])


def _purpose(mark: str, number: int) -> bytes:
    return f"index-snapshot:{mark}:{number}".encode()


def _content(block: Block) -> bytes:
    rows = slice(block.count)
    return b"".join(
        (
            np.float64(block.error).tobytes(),
            block.codes[rows].tobytes(),
            *as_bytes(block.photos.take(rows)),
            *as_bytes(block.persons.take(rows)),
        )
    )


def _block(content: bytes, count: int, dims: int, capacity: int) -> Block:
    sizes = (8, count * dims * 2, count * ID_BYTES, count * ID_BYTES)
    if len(content) != sum(sizes) or count > capacity:
        raise SnapshotError("The snapshot is damaged: a block is not as long as it should be.")
    ends = np.cumsum(sizes).tolist()
    view = memoryview(content)
    codes = np.frombuffer(view[8 : ends[1]], np.float16).reshape(count, dims)
    block = Block(dims, capacity)
    error = float(np.frombuffer(view[:8], np.float64)[0])
    block.append_codes(codes, packed_from(view[ends[1] : ends[2]]), packed_from(view[ends[2] : ends[3]]), error)
    return block


def _write(stream: BinaryIO, box: bytes) -> None:
    stream.write(len(box).to_bytes(8, "little"))
    stream.write(box)


def _read(stream: BinaryIO) -> bytes:
    size = int.from_bytes(stream.read(8), "little")
    left = os.fstat(stream.fileno()).st_size - stream.tell()
    if not 0 < size <= left:
        raise SnapshotError("The snapshot is damaged: it ends too early.")
    return stream.read(size)
