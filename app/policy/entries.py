"""The reference of an entry in the case management system: its form, and that it is no word in its place (REQ-5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from app.clauses import enforces
from app.policy.case_numbers import canonical_number
from app.policy.types import Policy
from app.policy.words import plain, visible


@enforces("REQ-5")
def reference_fault(policy: Policy, given: object, others: Iterable[str] = ()) -> str | None:
    """Return why a text is no reference of an entry, or None. `others`: the numbers that stand for something else."""
    rule, shown = policy.request.entry_reference, visible(str(given or ""))
    if not shown:
        return "Enter the reference of the case management entry."
    said = f"“{shown[:20]}” is no reference of an entry; enter it as the case management system writes it, for example "
    written = unicodedata.normalize("NFKC", shown).upper()
    words = set(re.findall(r"[^\W\d_]{2,}", plain(shown).casefold()))
    idle = bool(words) and words <= set(policy.reason.idle)
    if idle or not re.fullmatch(rule.pattern, written, re.ASCII):
        return f"{said}{rule.example}."
    if canonical_number(policy, shown) in {canonical_number(policy, one) for one in others}:
        return f"“{shown[:20]}” is the number of the case or of the request, not of the entry in it."
    return None
