"""Frozen types of the final review."""

from app.policy.base import Rule, Text


class Decision(Rule, frozen=True, kw_only=True):
    """A choice of the supervisor; ``needs_unanimity`` bars it while any examiner dissents."""

    title: Text
    needs_unanimity: bool
