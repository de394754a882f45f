"""The department's signature on every document that leaves a job or is printed (EXT-2, SRC-8)."""

from __future__ import annotations

from datetime import datetime

from app.documents.signature import sign
from app.documents.typeset import Rendered
from app.extensions import stores


def signed(rendered: Rendered, at: datetime) -> Rendered:
    """Return the document signed with the department's certificate. Raises RenderError, SigningKeyUnusable."""
    return sign(rendered, stores().documents.certified, at)
