"""A fixed piece of the FAISS index: half-precision codes of a number of photographs, and whose they are.

Pieces instead of one array: growing never copies, so that no freed memory keeps the template of somebody who was
removed; and several threads can search one probe, which FAISS does not do by itself.

The bound on the error. A code x̂ is the row x rounded to half precision, and FAISS multiplies in float32. For a probe q

    |fl(x̂·q) - x·q|  <=  |x̂·q - x·q| + |fl(x̂·q) - x̂·q|  <=  ‖x̂ - x‖ ‖q‖ + γ ‖x̂‖ ‖q‖,   γ = d u / (1 - d u)

The first term is the Cauchy-Schwarz inequality; ‖x̂ - x‖ is not estimated but measured in double precision for every
row, and the largest of the piece is kept (2⁻¹¹ at most for a unit vector of normal numbers, about half that in
practice). The second is the bound of a dot product of d terms in any order of summation, with or without fused
multiplication (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1), with the unit roundoff
u = 2⁻²⁴ of float32.
"""

from __future__ import annotations

import faiss
import numpy as np

from app.matching.ids import IdColumn

#: photographs in one piece: 12.5 MB of codes at 128 dimensions
BLOCK_ROWS = 50_000
_UNIT_ROUNDOFF = 2.0**-24


class Block:
    """Up to ``capacity`` photographs. Rows 0 .. count - 1 are in use, all others are zeros."""

    __slots__ = ("_faiss", "capacity", "codes", "count", "error", "persons", "photos")

    def __init__(self, dims: int, capacity: int = BLOCK_ROWS) -> None:
        self.capacity = capacity
        self.count = 0
        self.error = 0.0
        self.photos = IdColumn(capacity)
        self.persons = IdColumn(capacity, quick=True)
        self._faiss = faiss.IndexScalarQuantizer(dims, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._faiss.is_trained = True  # half precision has nothing to learn
        self._faiss.codes.resize(capacity * dims * 2)
        memory = faiss.rev_swig_ptr(self._faiss.codes.data(), capacity * dims * 2)
        self.codes = memory.view(np.float16).reshape(capacity, dims)

    @property
    def room(self) -> int:
        """How many photographs still fit."""
        return self.capacity - self.count

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.codes.nbytes + self.photos.nbytes + self.persons.nbytes

    def append(self, vectors: np.ndarray, photos: np.ndarray, persons: np.ndarray) -> None:
        """Take in at most ``room`` photographs: (n, d) float32, packed ids."""
        codes = vectors.astype(np.float16)
        lost = codes.astype(np.float64) - vectors
        worst = float(np.sqrt(np.einsum("ij,ij->i", lost, lost).max(initial=0.0)))
        self.append_codes(codes, photos, persons, worst)

    def append_codes(self, codes: np.ndarray, photos: np.ndarray, persons: np.ndarray, error: float) -> None:
        """Take in what was encoded before; error: the largest ‖x̂ - x‖ among it, or more."""
        start, stop = self.count, self.count + len(codes)
        self.codes[start:stop] = codes
        self.photos.put(start, photos)
        self.persons.put(start, persons)
        self.error = max(self.error, error)
        self._resize(stop)

    def move(self, source: Block, row_from: int, row_to: int) -> None:
        """Overwrite one row with a row of another block, or of this one."""
        self.codes[row_to] = source.codes[row_from]
        self.photos.move(source.photos, row_from, row_to)
        self.persons.move(source.persons, row_from, row_to)
        self.error = max(self.error, source.error)

    def truncate(self, count: int) -> None:
        """Keep the first ``count`` rows; the others are overwritten with zeros."""
        self.codes[count : self.count] = 0
        self.photos.wipe(count, self.count)
        self.persons.wipe(count, self.count)
        self._resize(count)

    def margin(self, probe_length: float) -> float:
        """The most by which a score found here may differ from the exact one, for a probe of this length."""
        dims = self.codes.shape[1]
        gamma = dims * _UNIT_ROUNDOFF / (1 - dims * _UNIT_ROUNDOFF)
        # lengths deviate from 1 by 1e-5 at most, and the margin itself is rounded: a thousandth on top covers both
        return 1.001 * probe_length * (self.error + gamma * (1 + self.error))

    def nearest(self, probe: np.ndarray, k: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """(scores, rows) of the k best rows that are allowed, best first; all of them when there are fewer.

        probe: (1, d) float32. allowed: (count,) bool, None for every row.
        """
        parameters, bits = None, None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            # the stubs describe the C++ constructors; the package puts ones of Python's in their place
            selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]  # see above
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # see above
        scores, rows = self._faiss.search(probe, min(k, self.count), params=parameters)
        found = rows[0] >= 0
        return scores[0][found], rows[0][found]

    def _resize(self, count: int) -> None:
        self.count = self._faiss.ntotal = count
