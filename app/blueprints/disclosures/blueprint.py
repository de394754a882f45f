"""The blueprint of the disclosures area, by itself so that each module of views can bind to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from app.domain.disclosures.contradictions import contradictions_of
from app.domain.disclosures.leaving import as_originals, digest_of, staying
from app.domain.disclosures.papers import warning_of, words_of
from app.domain.serving import of_disclosure

bp = Blueprint("disclosures", __name__)


@bp.context_processor
def _shared() -> dict[str, Any]:
    return {
        "as_originals": as_originals,
        "digest_of": digest_of,
        "staying": staying,
        "words_of": words_of,
        "warning_of": warning_of,
        "that_left": of_disclosure,
        "contradictions_of": contradictions_of,
    }
