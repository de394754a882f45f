"""The rule of content for the reason with which a search ends unexamined (SRC-7)."""

from app.clauses import enforces
from app.policy.types import Policy
from app.policy.words import different_words, says_something


@enforces("SRC-7")
def end_fault(policy: Policy, reason: str) -> str | None:
    """Return what the reason lacks, or None."""
    rule = policy.request.conclusion
    if not says_something(reason, rule.min_reason):
        return f"Say what made the examination needless, in at least {rule.min_reason} characters."
    if len(different_words(reason)) < rule.min_words:
        return f"Say it in at least {rule.min_words} different words."
    return None
