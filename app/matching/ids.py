"""Public ids in 17 bytes each, in columns of NumPy arrays: a Python set of a million ids takes a hundred megabytes.

An id of 32 hexadecimal digits (what the product uses) is kept as its 16 bytes, a short text as its own. A tag byte
tells which, so that no two ids look alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

ID_BYTES = 17
_HEX_TAG = 255
_HEX = re.compile(r"[0-9a-f]{32}")
#: an id as one item: 8 bytes to look it up by, and the rest
_PACKED = np.dtype([("key", "<u8"), ("rest", "V9")])
_WHOLE = np.dtype(f"V{ID_BYTES}")
_RAW = np.dtype([("first", "<u8"), ("second", "<u8"), ("tag", "u1")])
#: odd, so that multiplying by it modulo 2⁶⁴ can be undone
_FACTOR = 0x9E3779B97F4A7C15
_UNDO = pow(_FACTOR, -1, 1 << 64)


def pack(ids: Sequence[str]) -> np.ndarray:
    """(n,) packed ids. Raises ValueError for an id that is neither 32 hex digits nor a text of 1 to 16 bytes."""
    joined = "".join(ids)
    if len(joined) == 32 * len(ids) and all(map(_HEX.fullmatch, ids)):
        plain = np.full((len(ids), ID_BYTES), _HEX_TAG, np.uint8)
        plain[:, :16] = np.frombuffer(bytes.fromhex(joined), np.uint8).reshape(-1, 16)
        return _mixed(plain.tobytes())
    return _mixed(b"".join(map(_pack_one, ids)))


def unpack(packed: np.ndarray) -> list[str]:
    """The ids again."""
    raw = np.ascontiguousarray(packed).view(_RAW)
    key = raw["first"]
    key = (key ^ (key >> 32)) * np.uint64(_UNDO)
    plain = raw.copy()
    plain["first"] = key ^ (key >> 32) ^ raw["second"]
    return [_unpack_one(one) for one in as_bytes(plain)]


def packed_from(content: bytes | memoryview) -> np.ndarray:
    """Packed ids from their bytes, ID_BYTES each."""
    return np.frombuffer(content, _PACKED)


def joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    """Packed ids one after the other; none at all is fine."""
    # as plain bytes: NumPy compares the fields of structures one by one before it joins them
    return np.concatenate([np.empty(0, _WHOLE), *(part.view(_WHOLE) for part in parts)]).view(_PACKED)


def each_as_bytes(packed: np.ndarray) -> Iterator[bytes]:
    """Each packed id as a bytes object, to tell whether two are the same."""
    whole = packed.tobytes()
    return (whole[start : start + ID_BYTES] for start in range(0, len(whole), ID_BYTES))


def as_bytes(packed: np.ndarray) -> list[bytes]:
    """All of them at once."""
    return list(each_as_bytes(packed))


def _mixed(plain: bytes) -> np.ndarray:
    """Plain ids with all of their 16 bytes in each bit of the key: numbers that count up differ in the last byte alone.

    Can be undone, so that it costs no memory and two ids never become one.
    """
    raw = np.frombuffer(plain, _RAW)
    key = raw["first"] ^ raw["second"]
    key = (key ^ (key >> 32)) * np.uint64(_FACTOR)
    mixed = raw.copy()
    mixed["first"] = key ^ (key >> 32)
    return mixed.view(_PACKED)


def _pack_one(text: str) -> bytes:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text) + bytes([_HEX_TAG])
    plain = text.encode()
    if not 1 <= len(plain) <= 16:
        raise ValueError(f"An id is 32 hexadecimal digits or a text of 1 to 16 bytes, not {text!r}.")
    return plain.ljust(16, b"\0") + bytes([len(plain)])


def _unpack_one(packed: bytes) -> str:
    return packed[:16].hex() if packed[16] == _HEX_TAG else packed[: packed[16]].decode()


class IdColumn:
    """A fixed number of packed ids; with ``quick`` two bytes more each, and looked through three times as fast."""

    __slots__ = ("_key", "_low", "_rest")

    def __init__(self, rows: int, *, quick: bool = False) -> None:
        self._key = np.zeros(rows, "<u8")
        self._rest = np.zeros(rows, "V9")
        # the 16 bits that Wanted looks at first: side by side, or where they stand
        self._low = np.zeros(rows, "<u2") if quick else self._key.view("<u2")[::4]

    def put(self, start: int, packed: np.ndarray) -> None:
        """Write packed ids from row ``start`` on."""
        self._key[start : start + len(packed)] = packed["key"]
        self._rest[start : start + len(packed)] = packed["rest"]
        self._low[start : start + len(packed)] = packed["key"] & 0xFFFF

    def take(self, rows: np.ndarray | slice) -> np.ndarray:
        """The packed ids of these rows."""
        key = self._key[rows]
        packed = np.empty(len(key), _PACKED)
        packed["key"], packed["rest"] = key, self._rest[rows]
        return packed

    def move(self, source: IdColumn, row_from: int, row_to: int) -> None:
        """Copy one id of another column (or this one) over one of this one."""
        self._key[row_to], self._rest[row_to] = source._key[row_from], source._rest[row_from]
        self._low[row_to] = source._low[row_from]

    def wipe(self, start: int, stop: int) -> None:
        """Overwrite these rows with zeros."""
        self._key[start:stop], self._rest[start:stop] = 0, np.zeros((), "V9")
        self._low[start:stop] = 0

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        own = self._low.nbytes if self._low.base is None else 0
        return self._key.nbytes + self._rest.nbytes + own


class Wanted:
    """Finds the rows of a column that hold one of some ids: about a millisecond for a million rows and a few ids."""

    __slots__ = ("_keys", "_low", "_whole")

    def __init__(self, packed: np.ndarray) -> None:
        self._whole = frozenset(as_bytes(packed))
        self._keys = np.unique(packed["key"])
        self._low = np.zeros(1 << 16, bool)
        self._low[self._keys & 0xFFFF] = True

    @classmethod
    def of(cls, ids: Iterable[str]) -> Wanted:
        """Of plain ids; those that cannot be packed stand in no column and are passed over."""
        known = []
        for text in ids:
            try:
                known.append(_pack_one(text))
            except ValueError:
                continue
        return cls(_mixed(b"".join(known)))

    def rows(self, column: IdColumn, count: int) -> np.ndarray:
        """Which of the first ``count`` rows hold a wanted id, ascending."""
        if not len(self._keys):
            return np.empty(0, np.intp)
        # three sieves, the cheapest first: 16 bits of every row, 64 bits of what is left, then the whole id
        rows = np.flatnonzero(self._low.take(column._low[:count], mode="clip"))
        keys = column._key[rows]
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        rows = rows[self._keys[place] == keys]
        exact = [one in self._whole for one in as_bytes(column.take(rows))]
        found: np.ndarray = rows[np.array(exact, bool)]
        return found
