"""The facts of a report as canonical JSON, its digest, and the short code by which a reader checks a report.

The digest covers every fact that is printed; photographs enter by the digest of the shown bytes and of the
original. The code is what a person can type: 80 bits of HMAC-SHA256 in Crockford's base32 (no I, L, O, U).
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

from app.documents.approval.facts import ReportFacts
from app.documents.facts import Picture

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SCHEMA = "corroborate-report-facts/1"

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_BYTES = 10
_GROUP = 4
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """What a report prints so that it can be checked: the manifest's digest, the code, the page's address.

    ``key`` and ``certificate`` are the SHA-256 of the department's public key and of its certificate for documents.
    """

    manifest_digest: str
    code: str
    address: str
    key: str = ""
    certificate: str = ""


def canonical_json(value: object) -> bytes:
    """UTF-8 JSON with sorted keys and no white space: equal values give equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Signer(Protocol):
    """Signs manifests with the department's Ed25519 key; ``fingerprint`` names the key."""

    @property
    def fingerprint(self) -> str: ...

    def sign(self, data: bytes) -> bytes: ...


def signed_manifest(content: Mapping[str, object], signer: Signer | None) -> bytes:
    """A manifest as a file: indented JSON with sorted keys and, where there is a signer, its signature.

    The signature is over :func:`canonical_json` of the content without the signature.
    """
    whole = dict(content)
    if signer is not None:
        whole["signature"] = {
            "algorithm": "Ed25519",
            "key": signer.fingerprint,
            "over": "this object without its signature: UTF-8 JSON, sorted keys, no white space",
            "value": signer.sign(canonical_json(content)).hex(),
        }
    return (json.dumps(whole, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def manifest(facts: ReportFacts) -> bytes:
    """Canonical JSON of all facts; times in UTC, photographs by digest."""
    return canonical_json({"schema": SCHEMA, **_plain_fields(facts)})


def manifest_digest(facts: ReportFacts) -> str:
    """SHA-256 of :func:`manifest`, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(manifest(facts)).hexdigest()


def verification_code(digest: str, secret: bytes) -> str:
    """The code for a manifest digest, e.g. ``7K3M-Q2RT-9WXA-4HBC``; only the holder of ``secret`` can make
    it.

    Raises ValueError when the secret is shorter than 16 bytes.
    """
    if len(secret) < 16:
        raise ValueError("The secret of the verification codes needs at least 16 bytes.")
    mac = hmac.digest(secret, b"corroborate report verification\0" + digest.encode(), "sha256")[:_CODE_BYTES]
    number = int.from_bytes(mac)
    letters = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(_CODE_BYTES * 8 - 5, -1, -5))
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def normalise_code(typed: str) -> str | None:
    """The code as :func:`verification_code` writes it, from what a person typed; None when it cannot be one.

    Case, spaces and hyphens do not matter; O is read as 0, I and L as 1 (Crockford).
    """
    letters = "".join(typed.split()).replace("-", "").upper().translate(_READ_AS)
    if len(letters) != _CODE_BYTES * 8 // 5 or set(letters) - set(_ALPHABET):
        return None
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def verification(
    facts: ReportFacts, secret: bytes, verify_page: str, key: str = "", certificate: str = ""
) -> Verification:
    """The verification block of a report; ``verify_page`` is the page's address, to which ``/<code>`` is
    added.
    """
    digest = manifest_digest(facts)
    code = verification_code(digest, secret)
    return Verification(digest, code, f"{verify_page.rstrip('/')}/{code}", key, certificate)


def _plain_fields(value: DataclassInstance) -> dict[str, object]:
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, Picture):
        return {"sha256": value.sha256, "shown_sha256": hashlib.sha256(value.data).hexdigest()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain_fields(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
