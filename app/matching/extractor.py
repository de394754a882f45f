"""From faces to templates: unit vectors whose angle says how alike two faces look to a network."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from app.matching.alignment import face_chip
from app.matching.catalogue import Extractor as ExtractorEntry
from app.matching.catalogue import catalogue
from app.matching.errors import CatalogueError, ModelSelfTestError
from app.matching.images import as_bgr
from app.matching.networks import load_network
from app.matching.types import Face, Template

_BATCH = 8


class TemplateExtractor:
    """An ONNX network as the catalogue describes it. One per process and thread.

    ``digest`` is the hex SHA-256 of the bytes that really run; it goes on every template, search and report.
    """

    def __init__(self, models_dir: Path, model_id: str | None = None, entry: ExtractorEntry | None = None) -> None:
        """Load ``model_id`` (default: the catalogue's). ``entry`` overrides the catalogue.

        Raises CatalogueError, ModelMissing, ModelDigestError or ModelSelfTestError.
        """
        known = catalogue()
        self.model_id = model_id or known.extractor
        if entry is None and self.model_id not in known.extractors:
            raise CatalogueError(f"There is no extractor “{self.model_id}” in the model catalogue.")
        self.entry = entry or known.extractors[self.model_id]
        self._net, self.digest = load_network(models_dir / self.entry.file, self.entry.sha256)

    def chip(self, image: np.ndarray, face: Face) -> np.ndarray:
        """The face as this network sees it: (size, size, 3) uint8 BGR. Raises ValueError."""
        return face_chip(as_bgr(image), face.points, self.entry.template, self.entry.size)

    def embed(self, image: np.ndarray, faces: Sequence[Face]) -> np.ndarray:
        """Templates of the faces of one image: (n, dims) float32, each row of length 1, in the faces' order.

        image: (h, w[, 1|3|4]) uint8, BGR(A) or grey. Raises ValueError for anything that is no image.
        """
        return self.embed_chips([self.chip(image, face) for face in faces])

    def templates(self, image: np.ndarray, faces: Sequence[Face]) -> list[Template]:
        """As ``embed``, each row together with the digest of the network that made it."""
        return [Template(vector, self.digest) for vector in self.embed(image, faces)]

    def embed_chips(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        """Templates of ready chips, each (size, size, 3) uint8 BGR: (n, dims) float32 rows of length 1."""
        if not chips:
            return np.empty((0, self.entry.dims), np.float32)
        parts = [self._run(chips[i : i + _BATCH]) for i in range(0, len(chips), _BATCH)]
        return _unit(np.concatenate(parts))

    def _run(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        entry = self.entry
        blob = cv2.dnn.blobFromImages(
            list(chips), 1 / entry.divisor, (entry.size, entry.size), entry.mean, swapRB=entry.channels == "RGB"
        )
        self._net.setInput(blob)
        output = self._net.forward().reshape(len(chips), -1)
        if output.shape[1] != entry.dims:
            raise ModelSelfTestError(
                f"{entry.name} gives {output.shape[1]} numbers per face, not the {entry.dims} of the catalogue."
            )
        return output.astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ModelSelfTestError("The network gave a template without a direction.")
    units: np.ndarray = vectors / lengths
    return units
