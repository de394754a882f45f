"""The answers on prohibited purposes, as a form sends them."""

from __future__ import annotations

from app.policy import policy


def purposes(**other: str) -> dict[str, str]:
    """Answer every question with no but those named (`political_activity="yes"`)."""
    said = {name.replace("_", "-"): answer for name, answer in other.items()}
    return {f"answer_{rule}": said.get(rule, "no") for rule in policy().request.prohibitions}
