"""The workflow engine: only `advance` assigns a state, and pages ask `app.workflow.options` what it would allow."""

from app.workflow.engine import advance, explain, refuse_if
from app.workflow.registry import condition, separation

__all__ = ["advance", "condition", "explain", "refuse_if", "separation"]
