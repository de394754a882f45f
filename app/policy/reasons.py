"""The rule of content for every reason, note and explanation that another rule demands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.clauses import enforces
from app.policy.words import plain, says_something

if TYPE_CHECKING:
    from app.policy.types import Policy


@enforces("AUD-1", "REQ-4", "SRC-2", "SRC-5", "EXT-7")
def gives_reason(policy: Policy, text: object, least: int = 1) -> bool:
    """Tell whether a text says something in so many characters, and says it itself: “as discussed” does not."""
    return says_something(text, least) and bool(own_words(policy, str(text)))


def leaves_open(policy: Policy, text: str) -> bool:
    """Tell whether an answer is made of words alone that leave a question open; a number by itself does not."""
    return bool(re.search(r"[^\W\d_]", text)) and not own_words(policy, text)


def own_words(policy: Policy, text: str) -> set[str]:
    """Return the words, and the numbers of three figures or more, that are not idle."""
    found = set(re.findall(r"[^\W_]{2,}", plain(text).casefold())) - set(policy.reason.idle)
    return {word for word in found if not word.isdigit() or len(word) > 2}
