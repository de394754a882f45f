"""Anchors: signed heads of the chain, kept where database administrators cannot write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from app.audit.chain import Anchor, canonical
from app.storage.signing import Signer


class AnchorForged(Exception):
    """Raised when an anchor's signature does not verify."""


def write_anchor(directory: Path, signer: Signer, sequence: int, digest: str) -> Path:
    """Write a signed anchor and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    body = {"sequence": sequence, "digest": digest, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    signed = {**body, "signature": signer.sign(canonical(body).encode()).hex()}
    path = directory / f"anchor-{sequence:012d}.json"
    path.write_text(json.dumps(signed, indent=2) + "\n")
    return path


def read_anchors(directory: Path, signer: Signer) -> list[Anchor]:
    """All anchors, oldest first. Raises AnchorForged naming the file whose signature does not verify."""
    found = []
    for path in sorted(directory.glob("anchor-*.json")) if directory.is_dir() else []:
        body = json.loads(path.read_text())
        signature = bytes.fromhex(body.pop("signature"))
        if not signer.verify(canonical(body).encode(), signature):
            raise AnchorForged(f"{path.name}: the signature does not verify")
        found.append(Anchor(body["sequence"], body["digest"]))
    return found
