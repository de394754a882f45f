"""The texts of policy versions: kept with the first event under a version, shown again as they were.

An event names its version by digest, and the digest is made of the texts. So whoever trusts the chain of events can
check the texts, and nobody can put others in their place; the signature says besides that this portal kept them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.extensions import db, stores
from app.models.base import now
from app.models.engine import Transition
from app.models.policy_texts import PolicyText, PolicyVersion
from app.policy import policy
from app.policy.base import Rule
from app.policy.texts import RuleText, Sentence, digest_of, sentences


def keep_present(session: Session) -> None:
    """Keep the texts of the version that this process applies, unless they are kept."""
    asked = select(PolicyVersion.manifest).where(PolicyVersion.digest == policy().version)
    if session.scalar(asked) is None:
        keep(session, policy().texts, policy().since)


def keep(session: Session, texts: tuple[RuleText, ...], since: date | None = None) -> str:
    """Keep and sign these texts under the digest they have, and return it; a version already kept stays as it is.

    The caller records an event in the same transaction.
    """
    digest, moment = digest_of(texts, since), now()
    day = since.isoformat() if since is not None else None
    files = [[text.name, text.sha256] for text in texts]
    manifest = json.dumps({"files": files, "since": day, "version": digest}, sort_keys=True, separators=(",", ":"))
    contents = {text.sha256: text.content for text in texts}
    kept = set(session.scalars(select(PolicyText.sha256).where(PolicyText.sha256.in_(contents))))
    for sha256 in sorted(contents.keys() - kept):
        session.execute(insert(PolicyText).values(sha256=sha256, content=contents[sha256].decode("utf-8")))
    signed = {
        "manifest": manifest,
        "signature": stores().signer.sign(manifest.encode()).hex(),
        "signing_key": stores().signer.fingerprint,
        "kept_at": moment,
    }
    if session.get(PolicyVersion, digest) is None:
        session.execute(insert(PolicyVersion).values(digest=digest, first_seen=moment, **signed))
    else:
        session.execute(
            update(PolicyVersion)
            .where(PolicyVersion.digest == digest, PolicyVersion.manifest.is_(None))
            .values(**signed)
            .execution_options(synchronize_session=False)
        )
    return digest


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it is kept. `texts` are empty where only the digest is known, or where they do not stand up to it.

    `fault`: what is wrong with what is kept, as the end of a sentence; None when the texts have the digest and the
    manifest its signature.
    """

    digest: str
    first_seen: datetime | None
    kept_at: datetime | None
    since: date | None
    signing_key: str | None
    texts: tuple[RuleText, ...]
    fault: str | None

    @property
    def only_digest(self) -> bool:
        """Tell whether the texts were never kept."""
        return self.kept_at is None

    def text(self, name: str) -> RuleText | None:
        """Return the file of that name, or None."""
        return next((text for text in self.texts if text.name == name), None)


def versions(session: Session | None = None) -> list[PolicyVersion]:
    """Return every version the portal knows of, the newest first."""
    rows = select(PolicyVersion).order_by(PolicyVersion.first_seen.desc(), PolicyVersion.digest)
    return list((session or db.session).scalars(rows))


def kept(digest: str, session: Session | None = None) -> Kept | None:
    """Return a version with its texts, checked against its digest; None when the portal does not know it."""
    session = session or db.session()
    row = session.get(PolicyVersion, digest)
    if row is None:
        return None
    if row.manifest is None:
        return Kept(digest, row.first_seen, None, None, None, (), None)
    texts, since, fault = _checked(session, row)
    return Kept(digest, row.first_seen, row.kept_at, since, row.signing_key, texts, fault)


def _checked(session: Session, row: PolicyVersion) -> tuple[tuple[RuleText, ...], date | None, str | None]:
    try:
        manifest = json.loads(row.manifest or "")
        names = [(str(name), str(sha256)) for name, sha256 in manifest["files"]]
        since = date.fromisoformat(manifest["since"]) if manifest["since"] else None
    except (ValueError, KeyError, TypeError):
        return (), None, "has a manifest that cannot be read"
    rows = session.execute(
        select(PolicyText.sha256, PolicyText.content).where(PolicyText.sha256.in_([s for _, s in names]))
    )
    contents = {found.sha256: found.content.encode("utf-8") for found in rows}
    if any(sha256 not in contents for _, sha256 in names):
        return (), since, "lacks a text that it names"
    texts = tuple(RuleText(name, contents[sha256]) for name, sha256 in names)
    if digest_of(texts, since) != row.digest:
        return (), since, "has other texts than those its digest names"
    signer = stores().signer
    if row.signing_key != signer.fingerprint:
        # texts that have the digest are the texts, whoever signed for having kept them
        return texts, since, None
    if not signer.verify((row.manifest or "").encode(), _bytes(row.signature)):
        return texts, since, "has a manifest whose signature does not verify"
    return texts, since, None


def _bytes(signature: str | None) -> bytes:
    try:
        return bytes.fromhex(signature or "")
    except ValueError:
        return b""


#: what versions state whose texts have been checked: it cannot change
_stated: dict[str, dict[str, Sentence]] = {}


def rule_as_of(version: str, rule_id: str) -> Rule | Sentence | None:
    """Return a rule as the version states it; None when its texts are not kept, or do not hold the rule."""
    if version == policy().version:
        return policy().rules.get(rule_id)
    return (rules_as_of(version) or {}).get(rule_id)


def rules_as_of(version: str, session: Session | None = None) -> Mapping[str, Sentence] | None:
    """Return every rule as the version states it; None when its texts are not kept, or are not those of its digest."""
    if version not in _stated:
        found = kept(version, session)
        if found is None or not found.texts:
            return None
        _stated[version] = {rule.id: rule for rule in _applying(found)}
    return _stated[version]


def _applying(version: Kept) -> list[Sentence]:
    """Return the rules of a version; where its files hold several forms of one, that of its own day comes last."""
    rules = [rule for text in version.texts for rule in sentences(text) if rule.is_rule]
    if (day := version.since) is not None:
        return sorted(rules, key=lambda rule: rule.on(day))
    # no form of it had given way to another yet
    return sorted(rules, key=lambda rule: rule.effective or date.min, reverse=True)


def rule_of(step: Transition) -> Rule | Sentence | None:
    """Return the rule of a step as it read then; as it reads today where that is not kept; None where there is none."""
    return rule_as_of(step.policy_version, step.rule) or policy().rules.get(step.rule)


def words_of(step: Transition) -> str:
    """Return what a step's rule says, and that these are not the words of its day where those are not kept."""
    stated = rule_as_of(step.policy_version, step.rule)
    if stated is not None:
        return stated.text
    today = policy().rules.get(step.rule)
    if today is None:
        return f"Rule {step.rule}, whose words are not kept."
    return f"{today.text} (As the rule reads today; its words of that day are not kept.)"
