"""The operations behind the rules on preparing a probe, by the id of each rule (`identification/preparation.toml`).

The rules say what may be done, how often and within which bounds; what it is called in a recipe is the program's own
affair. `create_app` refuses to start unless rules and tables name the same
(`app.domain.identification.recipes.mismatches`).
"""

from __future__ import annotations

from collections.abc import Mapping

from app.imaging.recipe import (
    AnyOperation,
    Brightness,
    Contrast,
    Crop,
    Denoise,
    Gamma,
    Greyscale,
    Operation,
    Resize,
    Rotate,
    Sharpen,
)

#: rule that permits an edit -> the operation it permits
PERMITTED: Mapping[str, type[AnyOperation]] = {
    "edit-crop": Crop,
    "edit-rotate": Rotate,
    "edit-brightness": Brightness,
    "edit-contrast": Contrast,
    "edit-gamma": Gamma,
    "edit-denoise": Denoise,
    "edit-sharpen": Sharpen,
    "edit-resize": Resize,
    "edit-greyscale": Greyscale,
}
#: rule that forbids an edit -> the names under which it might be asked for, so that its own refusal answers
REFUSED: Mapping[str, tuple[str, ...]] = {
    "never-paste": ("paste", "paste_feature", "clone", "stamp", "draw"),
    "never-mirror": ("mirror", "mirror_fill", "flip", "complete_half"),
    "never-open-eyes": ("open_eyes", "replace_eyes"),
    "never-close-mouth": ("close_mouth", "neutralize_expression"),
    "never-blend": ("blend", "average", "morph", "composite", "swap_face"),
    "never-restore": ("restore", "inpaint", "super_resolution", "colorize", "generate", "unmask"),
    "never-synthesize-pose": ("frontalize", "pose", "warp", "age"),
}


def name_of(kind: type[Operation]) -> str:
    """What an operation is called in a recipe."""
    return str(kind.__struct_config__.tag)


def rule_of(operation: Operation) -> str:
    """The id of the rule that permits an operation."""
    return next(rule for rule, kind in PERMITTED.items() if isinstance(operation, kind))
