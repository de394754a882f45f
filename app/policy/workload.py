"""The rule of content for the reason with which a search ends unexamined (SRC-7)."""

from app.clauses import enforces
from app.policy.examination.answers import WORD
from app.policy.types import Policy


@enforces("SRC-7")
def end_fault(policy: Policy, reason: str) -> str | None:
    """Return what the reason lacks, or None."""
    rule = policy.request.conclusion
    if len(reason.strip()) < rule.min_reason:
        return f"Say what made the examination needless, in at least {rule.min_reason} characters."
    if len(set(WORD.findall(reason.casefold()))) < rule.min_words:
        return f"Say it in at least {rule.min_words} different words."
    return None
