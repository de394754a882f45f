"""One door for change: only `advance` assigns a state."""

from app.workflow.engine import advance, allowed, blockers, explain, refuse_if
from app.workflow.registry import condition, separation

__all__ = ["advance", "allowed", "blockers", "condition", "explain", "refuse_if", "separation"]
