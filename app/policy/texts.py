"""The texts of a policy version: the files its digest is made of, and what can be read of them without running them.

Whoever holds the files can make the digest again, so that a version named on a record proves which texts it stands for.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule file: its name inside the folder of the rules, its bytes with plain line ends."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 (hex) of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """What a rule of a workflow allows: from any of ``sources`` to ``to`` by ``verb``, of that kind of subject."""

    subject: str | None
    verb: str
    sources: tuple[str, ...]
    to: str

    def target(self, state: str) -> str:
        """The state this leads to from ``state``."""
        return state if self.to == "same" else self.to


@dataclass(frozen=True, slots=True)
class Sentence:
    """A rule as its file states it: what a lawyer signed, the clauses, and the days between which it applies.

    ``table`` is the table of the file it stands in; ``step`` is what it allows where it is a rule of a workflow.
    """

    table: str
    id: str
    text: str
    authority: tuple[str, ...]
    effective: date | None
    until: date | None
    step: Step | None = None

    @property
    def is_rule(self) -> bool:
        """Tell whether it is a rule that a step or refusal may name: clauses, states, events and roles are none."""
        return bool(self.authority) and self.effective is not None and self.table != "role"

    def on(self, day: date) -> bool:
        """Tell whether the rule applies on that day; one that states no day always does."""
        return (self.effective is None or self.effective <= day) and (self.until is None or day <= self.until)


def rule_files(directory: Path) -> list[Path]:
    """The files that make up the policy and its version, in a fixed order; examples are not among them."""
    files = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*.toml")}
    return [files[name] for name in sorted(files) if not name.startswith("examples/")]


def read_texts(directory: Path) -> tuple[RuleText, ...]:
    """The rule files of a folder in the order in which they make the digest. Raises OSError."""
    return tuple(
        # line ends are normalised since git may rewrite them on checkout
        RuleText(path.relative_to(directory).as_posix(), path.read_bytes().replace(b"\r\n", b"\n"))
        for path in rule_files(directory)
    )


def overlays_last(texts: Iterable[RuleText]) -> tuple[RuleText, ...]:
    """The files in the order in which versions before November 28, 2026 made the digest."""
    return tuple(sorted(texts, key=lambda text: (text.name.startswith("overlays/"), text.name)))


def digest_of(texts: Iterable[RuleText], since: date | None = None) -> str:
    """The version (hex SHA-256) of these files in this order.

    ``since``: the day from which the rules of these files apply that apply, where a rule of theirs begins or ends apart
    from the others; the same files are another version from that day on.
    """
    digest = hashlib.sha256()
    for text in texts:
        name = text.name.encode()
        # lengths keep names and contents apart
        digest.update(b"%d:%s%d:%s" % (len(name), name, len(text.content), text.content))
    if since is not None:
        digest.update(b"since:%s" % since.isoformat().encode())
    return digest.hexdigest()


def digests_of(texts: tuple[RuleText, ...]) -> dict[str, tuple[tuple[RuleText, ...], date | None]]:
    """Every digest that a version of these files can have had: by order of the files, and by the day."""
    stated = [sentence for text in texts for sentence in sentences(text)]
    days = {rule.effective for rule in stated if rule.effective is not None}
    days |= {rule.until + timedelta(days=1) for rule in stated if rule.until is not None}
    orders = (texts, overlays_last(texts))
    return {digest_of(order, since): (order, since) for order in orders for since in (None, *sorted(days))}


def sentences(text: RuleText) -> tuple[Sentence, ...]:
    """Every rule that a file states, in its order, without asking whether this program could apply it.

    Files of another version may have other tables: whatever has an id and a sentence is a rule. None of a file that
    is no TOML.
    """
    try:
        raw = tomllib.loads(text.content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return ()
    return tuple(_found(raw, "", None, None))


def _found(raw: object, table: str, day: date | None, subject: str | None) -> Iterator[Sentence]:
    if isinstance(raw, list):
        for item in raw:
            yield from _found(item, table, day, subject)
    elif isinstance(raw, dict):
        day = _day(raw, "effective") or day
        subject = raw["subject"] if isinstance(raw.get("subject"), str) else subject
        if isinstance(raw.get("id"), str) and isinstance(raw.get("text"), str):
            cited = raw.get("authority")
            authority = tuple(str(clause) for clause in cited) if isinstance(cited, list) else ()
            yield Sentence(table, raw["id"], raw["text"], authority, day, _day(raw, "until"), _step(raw, subject))
        for name, inner in raw.items():
            yield from _found(inner, name, day, subject)


def _step(raw: dict[str, Any], subject: str | None) -> Step | None:
    verb, sources, to = raw.get("verb"), raw.get("from"), raw.get("to")
    if isinstance(verb, str) and isinstance(sources, list) and isinstance(to, str):
        return Step(subject, verb, tuple(str(source) for source in sources), to)
    return None


def _day(raw: dict[str, Any], key: str) -> date | None:
    value = raw.get(key)
    return value if type(value) is date else None
