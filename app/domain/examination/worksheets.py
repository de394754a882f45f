"""The stored form of a worksheet: the components of the rules and nothing else (SRC-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.policy import policy


def known_features(features: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return only the components with a known verdict: {component: {verdict, note, parts}}.

    `parts` is left out where none has a verdict.
    """
    sheet = policy().review.worksheet
    verdicts = {verdict.value for verdict in sheet.verdicts}
    known: dict[str, dict[str, Any]] = {}
    for component in sheet.everything:
        given = features.get(component.value) or {}
        if given.get("verdict") not in verdicts:
            continue
        stated = given.get("parts") or {}
        parts = {part.value: stated[part.value] for part in component.parts if stated.get(part.value) in verdicts}
        known[component.value] = {"verdict": given["verdict"], "note": str(given.get("note") or "").strip()}
        if parts:
            known[component.value]["parts"] = parts
    return known
