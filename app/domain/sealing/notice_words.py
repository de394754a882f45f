"""The words of a notice: what it must say, and whom it must not name (CAP-3, SRC-8).

A person may add to a drafted notice, and takes nothing of it away. The name of the person whose photographs left is
destroyed with them, so that its words are kept as keyed digests alone, sealed with the order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from app.clauses import enforces
from app.domain.gallery.tombstones import keyed_digest
from app.models import GalleryPhoto, SealingNotice, SealingOrder
from app.policy.words import different_words
from app.storage import KeyDestroyed, UnknownKey
from app.storage.keys import Derived

#: kind of order -> what it did, in a notice
DONE = {"sealed": "sealed", "expunged": "expunged", "voided": "voided", "dismissed": "dismissed and sealed"}


def listed(numbers: Sequence[str]) -> str:
    """Return reports in a sentence: `report R-1`, `reports R-1 and R-2`."""
    if len(numbers) == 1:
        return f"report {numbers[0]}"
    return f"reports {', '.join(numbers[:-1])} and {numbers[-1]}"


def digests_of_names(photos: Iterable[GalleryPhoto]) -> list[str]:
    """Return keyed digests of the words of the names of the photographs' people; of a name that is gone, none."""
    found: set[str] = set()
    for person in {photo.person.id: photo.person for photo in photos}.values():
        try:
            name = str(person.private.get("name") or "")
        except (KeyDestroyed, UnknownKey):
            continue
        found |= {_digest(word) for word in different_words(name)}
    return sorted(found)


def _digest(word: str) -> str:
    return keyed_digest(Derived.SEALING, f"name: {word}".encode())


@enforces("CAP-3", "SRC-8")
def fault_of(notice: SealingNotice, text: str) -> str | None:
    """Return what is wrong with the words of a notice: a sentence of the draft that is missing, or a name in it."""
    draft, said = drafted(notice), _plain(text)
    for sentence in re.split(r"(?<=[.!?])\s+", draft):
        if _plain(sentence) not in said:
            return f"The notice must keep this sentence: “{sentence}”"
    added = different_words(text) - different_words(draft)
    if _named(notice.order, added):
        return "The notice names the person: take the name out."
    return None


def _named(order: SealingOrder, words: set[str]) -> bool:
    private = order.private
    if different_words(str(private.get("person_number") or "")) & words:
        return True
    names = set(private.get("names") or ())
    return any(_digest(word) in names for word in words)


def drafted(notice: SealingNotice) -> str:
    """Return the words with which the portal began the notice."""
    return str(notice.private.get("draft") or notice.private["text"])


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
