"""Addresses of faces: signed, bound to the session that was shown the page, alive for minutes."""

from __future__ import annotations

from typing import Literal

from flask import g, url_for
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from app.clauses import enforces
from app.extensions import settings

Kind = Literal["probe", "photo", "derived", "line", "line_probe"]
KINDS: tuple[Kind, ...] = ("probe", "photo", "derived", "line", "line_probe")
LIFE_SECONDS = 300


class LinkExpired(Exception):
    """Raised for an address that has expired; the page has to be opened again."""


class LinkInvalid(Exception):
    """Raised for an address not made for this session, or not by the portal."""


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="face-address")


@enforces("ACC-11")
def face_url(kind: Kind, uid: str) -> str:
    """The address of a face image for the session: a "probe" (ProbeImage), "photo" (GalleryPhoto) or "derived"
    (DerivedImage) by uid; for a peer a place of a "line" (LineUpPlace) or its probe ("line_probe", LineUp) by uid.

    The page that uses it records `faces.viewed`; fetching the bytes records nothing. Raises ValueError for
    another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no face image of kind {kind}")
    return url_for("images.show", token=_signer().dumps([g.session_uid, kind, uid]))


def read_token(token: str) -> tuple[Kind, str]:
    """Return what an address names. Raises LinkExpired, or LinkInvalid for another session or a broken signature."""
    try:
        session_uid, kind, uid = _signer().loads(token, max_age=LIFE_SECONDS)
    except SignatureExpired as error:
        raise LinkExpired from error
    except (BadData, TypeError, ValueError) as error:
        raise LinkInvalid from error
    if session_uid != g.session_uid or kind not in KINDS:
        raise LinkInvalid
    return kind, uid
