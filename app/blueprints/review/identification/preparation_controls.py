"""The boxes of the probe's preparation: what each offers at first, and by how much its arrows step.

The rules bound the numbers; where a box begins decides nothing. `create_app` refuses to start unless every number of
every edit has its box, and no other has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.policy import Policy


@dataclass(frozen=True, slots=True)
class Control:
    """A number's box: the number it begins with, and its step; a step of one or more takes whole numbers alone."""

    default: float
    step: float = 1

    @property
    def whole(self) -> bool:
        return self.step >= 1


#: rule -> parameter -> its box; a parameter that is a choice has none
CONTROLS: Mapping[str, Mapping[str, Control]] = {
    "edit-crop": {"x": Control(0), "y": Control(0), "width": Control(400), "height": Control(500)},
    "edit-rotate": {"degrees": Control(0, 0.1)},
    "edit-brightness": {"amount": Control(0)},
    "edit-contrast": {"factor": Control(1, 0.05)},
    "edit-gamma": {"value": Control(1, 0.05)},
    "edit-denoise": {"strength": Control(3)},
    "edit-sharpen": {"amount": Control(0.5, 0.05), "radius": Control(1, 0.1)},
    "edit-resize": {"factor": Control(1, 0.05)},
    "edit-greyscale": {},
}


def control_faults(policy: Policy) -> Iterator[str]:
    """Where the boxes and the rules on edits name different numbers, or a box begins out of bounds: a sentence each."""
    edits = policy.review.edits
    yield from (f"{rule}: no rule permits the edit of these boxes" for rule in CONTROLS if rule not in edits)
    for rule, edit in edits.items():
        boxes, numbers = CONTROLS.get(rule, {}), {p.name: p for p in edit.parameters if not p.choices}
        if rule not in CONTROLS or set(boxes) != set(numbers):
            yield f"{rule}: the page has boxes for {sorted(boxes)}, the rule bounds {sorted(numbers)}"
            continue
        for name, box in boxes.items():
            if not numbers[name].minimum <= box.default <= numbers[name].maximum:
                yield f"{rule}: the box of {name} begins at {box.default:g}, which is out of bounds"
