"""The keys of the comparison viewer: one list for what they do, what the page prints and what may not overlap.

A page with the viewer also has the letters of a worksheet. The two sets are disjoint (`clashes`, asked when the portal
starts): a key pressed where the focus is not meant to be then does nothing, and never records a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination.viewer import Viewer
from app.blueprints.review.examination.worksheet_keys import letters
from app.policy.types import Policy

#: takes an exclusion back, on a page with a worksheet
UNDO = "z"
SHOWN = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "-": "−"}


@dataclass(frozen=True, slots=True)
class ViewerKey:
    """One or several keys that belong together.

    does: the command of each key (js/viewer/commands.js), or one for all. says: the help's words. only: what a viewer
    must have for the key to be there: "marks", "prepared", "strip" or "place".
    """

    keys: tuple[str, ...]
    does: tuple[str, ...]
    says: str
    only: str = ""

    @property
    def shown(self) -> list[str]:
        """The keys as they are printed."""
        return [SHOWN.get(key, key) for key in self.keys]


def _key(keys: str, does: str, says: str, only: str = "") -> ViewerKey:
    return ViewerKey(tuple(keys.split()), tuple(does.split()), says, only)


KEYS = (
    _key("4", "mode:side", "Side by side"),
    _key("5", "mode:columns", "Split, probe left, photograph right"),
    _key("6", "mode:rows", "Split, probe above, photograph below"),
    _key("7", "mode:overlay", "Overlay, the photograph over the probe"),
    _key("8", "mode:flicker", "Flicker between the two"),
    _key("D F", "less more", "Move the split, thin or thicken the overlay, step the flicker"),
    _key("Space", "pause", "Stop or start the flicker"),
    _key("ArrowLeft ArrowRight ArrowUp ArrowDown", "pan", "Move both; with Shift further"),
    _key("+ -", "zoom-in zoom-out", "Closer, farther; also the wheel"),
    _key("U", "pixels", "Unscaled: one pixel of the probe for one of the screen"),
    _key("[ ]", "turn-left turn-right", "Turn both about the eyes by 1°"),
    _key("{ }", "turn-far-left turn-far-right", "Turn both about the eyes by 10°"),
    _key("V", "level", "Eyes level, or as photographed"),
    _key("R", "reset", "Back to the start: zoom, place and turn"),
    _key("G", "grid", "Grid"),
    _key("Y", "grey", "Shades of grey"),
    _key("I", "invert", "Negative"),
    _key("O", "marks", "Marked places on or off", "marks"),
    _key("P", "prepared", "Original or prepared image", "prepared"),
    _key(", .", "earlier later", "Earlier, later photograph; the view stays", "strip"),
    _key("J", "mark", "Mark a place on both", "place"),
    _key("Enter", "put", "While marking: put the point at the cross", "place"),
    _key("X", "skip", "While marking: leave this photograph unmarked", "place"),
    _key("Backspace", "unput", "While marking: take the last point away", "place"),
    _key("Escape", "stop", "Stop marking", "place"),
    _key("?", "help", "These keys"),
)


@bp.app_template_global()
def viewer_keys(viewer: Viewer) -> list[ViewerKey]:
    """Return the keys of a viewer in the order of the help; none of a prepared image where there is none."""
    return [one for one in KEYS if one.only != "prepared" or viewer.prepared]


@bp.app_template_global()
def viewer_key(command: str) -> str:
    """The key of a command as its button prints it."""
    return next(shown for one in KEYS for shown, does in zip(one.shown, one.does, strict=False) if does == command)


@bp.app_template_global()
def undo_key() -> str:
    """The key that takes an exclusion back."""
    return UNDO


def letters_of(rules: Policy) -> Iterator[tuple[str, str]]:
    """(key, what it chooses) of every key that a worksheet prints."""
    yield from ((key.lower(), label) for key, label in letters(rules))
    yield UNDO, "Undo"


def clashes(rules: Policy) -> list[str]:
    """Keys that would have two meanings on a page with a viewer and a worksheet, a sentence each."""
    taken = {key.lower(): one.says for one in KEYS for key in one.keys}
    faults = []
    for key, label in letters_of(rules):
        if key in taken:
            faults.append(f"worksheet: the key {key.upper()} of “{label}” already means “{taken[key]}”")
        taken[key] = label
    return faults
