"""The pages of policy versions: which there were, and the texts of each as they were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import abort
from flask.typing import ResponseReturnValue

from app.access.guard import public
from app.audit.policy_texts import Kept, kept, versions
from app.blueprints.policy.views import bp, policy_page
from app.policy import policy
from app.policy.texts import sentences

WHY = "the policy is a public document, in every version that decisions name"


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list of all."""

    digest: str
    first_seen: datetime | None
    kept: bool
    present: bool


@bp.get("/policy/versions")
@public(WHY)
def all_versions() -> ResponseReturnValue:
    """Every version that the portal knows of, the newest first."""
    present = policy().version
    lines = [
        VersionLine(row.digest, row.first_seen, row.kept_at is not None, row.digest == present) for row in versions()
    ]
    return policy_page("policy/versions.html", lines=lines)


@bp.get("/policy/versions/<string(length=64):digest>")
@public(WHY)
def version(digest: str) -> ResponseReturnValue:
    """One version: since when it is known, whether its texts are kept and stand up to the digest, and its files."""
    return policy_page("policy/version.html", version=_known(digest), present=policy().version)


@bp.get("/policy/versions/<string(length=64):digest>/<path:name>")
@public(WHY)
def text(digest: str, name: str) -> ResponseReturnValue:
    """One rule file of a version: what it states, rule by rule, and its text as it was."""
    found = _known(digest)
    stated = found.text(name)
    if stated is None:
        abort(404)
    return policy_page(
        "policy/version_text.html",
        version=found,
        file=stated,
        rules=sentences(stated),
        words=stated.content.decode("utf-8"),
    )


def _known(digest: str) -> Kept:
    found = kept(digest)
    if found is None:
        abort(404)
    return found
