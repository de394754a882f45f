"""What a probe image's file says of itself, and what its source is asked because of it (LIM-1)."""

from __future__ import annotations

from app.models.requests import ProbeImage
from app.policy import policy
from app.policy.facts import source_asked
from app.policy.forms import Source

#: the metadata that may name the device
_METADATA = ("camera_make", "camera_model", "software")


def said_by(image: ProbeImage) -> tuple[str, ...]:
    """Return what the file says of itself: its name as it was sent, and what its metadata names as its device.

    The metadata is known once the worker has read the file.
    """
    private = image.private
    metadata = private.get("exif") or {}
    told = (private.get("file_name"), *(metadata.get(name) for name in _METADATA))
    return tuple(text for text in told if text)


def source_of(image: ProbeImage, source_id: str | None = None) -> Source | None:
    """Return an image's source (or another that was chosen for it) with every fact that it is asked for."""
    return source_asked(policy(), image.source if source_id is None else source_id, said_by(image))
