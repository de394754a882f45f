"""What changed between two versions of the policy, rule by rule: the sentence before and after, and what else it holds.

The texts are read as they stand, and never asked whether this program could apply them. A remark, the order of a file,
and the file in which a rule stands are no change.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any

from app.policy.texts import RuleText

#: by the first of these fields that it has an entry of a list is known; by its words or its place where it has none
NAMED_BY = ("id", "subject", "value", "name", "column", "file", "table", "part", "verb", "kind", "title")
#: where a rule stands: the tables it is in, and what it is called
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A rule as a version states it: its file, its sentence (empty: the head of a file) and whatever else it holds."""

    file: str
    id: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    effective: date | None = None
    until: date | None = None

    def on(self, day: date) -> bool:
        """Tell whether this form applies on the day; one that states no day always does."""
        return (self.effective is None or self.effective <= day) and (self.until is None or day <= self.until)

    @property
    def said(self) -> tuple[str, Mapping[str, str]]:
        """What it says: two that say the same are no change, whichever file they stand in."""
        return self.text, self.fields


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that is new, changed or gone: as it was and as it is, None where there is none."""

    before: Stated | None
    after: Stated | None

    @property
    def rule(self) -> Stated:
        """The rule as it is now, or as it was where it is gone."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def reworded(self) -> bool:
        """Tell whether the sentence itself is another."""
        return self.before is None or self.after is None or self.before.text != self.after.text

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        """What else is different, as (name, before, after); empty where one of them does not say it."""
        was = self.before.fields if self.before is not None else {}
        now = self.after.fields if self.after is not None else {}
        names = dict.fromkeys((*was, *now))
        return [(name, was.get(name, ""), now.get(name, "")) for name in names if was.get(name) != now.get(name)]


@dataclass(frozen=True, slots=True)
class Version:
    """The texts of a version, and the day from which it applies where its files hold several forms of a rule."""

    texts: Sequence[RuleText]
    since: date | None


def differences(before: Version, after: Version, uncounted: Collection[str] = ()) -> tuple[Change, ...]:
    """Every rule that the one version states otherwise than the other, in the order of the later's files.

    A rule that takes another of the forms its files hold is changed too: what applies is not what applied.
    `uncounted` are files that are left out.
    """
    was, now = _rules(before.texts, uncounted), _rules(after.texts, uncounted)
    found: list[Change] = []
    for key in dict.fromkeys((*now, *was)):
        old, new = was.get(key, []), now.get(key, [])
        pairs = list(_paired(old, new))
        if not pairs and len(new) > 1:
            forms = _applying(old, before.since), _applying(new, after.since)
            pairs = [forms] if forms[0].said != forms[1].said else []
        found += [Change(one, other) for one, other in pairs]
    return tuple(found)


def _paired(old: Sequence[Stated], new: Sequence[Stated]) -> Iterable[tuple[Stated | None, Stated | None]]:
    """The forms of a rule that only one version has, each beside what took its place."""
    kept = [form.said for form in new]
    said = [form.said for form in old]
    gone = [form for form in old if form.said not in kept]
    came = [form for form in new if form.said not in said]
    return zip_longest(gone, came)


def _applying(forms: Sequence[Stated], since: date | None) -> Stated:
    """The form that applies in a version; no form had given way to another before a version states a day."""
    ordered = sorted(forms, key=lambda form: form.effective or date.min)
    if since is None:
        return ordered[0]
    return next((form for form in reversed(ordered) if form.on(since)), ordered[-1])


def _rules(texts: Iterable[RuleText], uncounted: Collection[str]) -> dict[Key, list[Stated]]:
    found: defaultdict[Key, list[Stated]] = defaultdict(list)
    for text in texts:
        if text.name not in uncounted:
            for key, rule in _stated(text):
                found[key].append(rule)
    return found


def _stated(text: RuleText) -> Iterator[tuple[Key, Stated]]:
    try:
        raw = tomllib.loads(text.content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # a file that cannot be read is one sentence: it is other where it is written otherwise
        yield (text.name,), Stated(text.name, "", text.content.decode("utf-8", "replace"))
        return
    yield from _rule(raw, (), text.name, None)


def _rule(raw: Mapping[str, Any], tables: Key, file: str, day: date | None) -> Iterator[tuple[Key, Stated]]:
    """A table that states a sentence, and those inside it that state their own; the head of a file has no tables."""
    effective = _day(raw, "effective") or day
    inner: list[tuple[Mapping[str, Any], Key]] = []
    fields = dict(_fields(raw, (), tables, inner))
    own = _called(raw, str(raw.get("text", ""))) if tables else ""
    if fields or own:
        words = str(raw.get("text", "")) if tables else ""
        yield (*tables, own) if tables else (file,), Stated(file, own, words, fields, effective, _day(raw, "until"))
    for table, path in inner:
        yield from _rule(table, (*tables, own, *path) if tables else path, file, effective)


def _called(raw: Mapping[str, Any], otherwise: str) -> str:
    return next((str(raw[by]) for by in NAMED_BY if by in raw), otherwise)


def _fields(
    raw: Mapping[str, Any], path: Key, tables: Key, inner: list[tuple[Mapping[str, Any], Key]]
) -> Iterator[tuple[str, str]]:
    """What a table holds beside its sentence, by names that people can read; tables with a sentence go to `inner`."""
    for name, value in raw.items():
        if not path and name in {"id", "text"}:
            continue
        nested = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in nested) or not nested:
            yield " · ".join((*path, name.replace("_", " "))), _words(value)
            continue
        for number, one in enumerate(nested, 1):
            if (not tables and not path) or isinstance(one.get("text"), str):
                inner.append((one, (name,)))
            else:
                called = f"{name.replace('_', ' ')} {_called(one, str(number))}"
                yield from _fields(one, (*path, called), tables, inner)


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(one)}" for name, one in value.items()) or "none"
    return str(value) or "nothing"


def _day(raw: Mapping[str, Any], name: str) -> date | None:
    value = raw.get(name)
    return value if type(value) is date else None
