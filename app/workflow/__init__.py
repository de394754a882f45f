"""One door for change: only `advance` assigns a state; pages ask `app.workflow.options` what it would let through."""

from app.workflow.engine import advance, explain, refuse_if
from app.workflow.registry import condition, separation

__all__ = ["advance", "condition", "explain", "refuse_if", "separation"]
