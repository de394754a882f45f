"""The letters of the worksheet: the one keystroke that chooses a feature or records a verdict.

A key is no rule: which one it is changes no version of the policy. `create_app` refuses to start unless each feature
and each verdict of the worksheet has one of its own, and nothing else has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.blueprints.review.blueprint import bp
from app.policy import Policy
from app.policy.base import repeated
from app.policy.examination.types import Worksheet

#: feature of the worksheet -> its letter
FEATURES: Mapping[str, str] = {
    "eyes": "e",
    "ears": "a",
    "nose": "n",
    "mouth": "m",
    "chin": "c",
    "lips": "l",
    "eyebrows": "b",
    "hair": "h",
    "scars": "s",
    "marks": "k",
    "tattoos": "t",
}
#: verdict -> its digit
VERDICTS: Mapping[str, str] = {
    "not_visible": "0",
    "not_comparable": "9",
    "similar": "1",
    "different_explained": "2",
    "different_unexplained": "3",
}


@bp.app_template_global()
def feature_keys(sheet: Worksheet) -> list[str]:
    """The letters of the sheet's features, in their order."""
    return [FEATURES[feature.value] for feature in sheet.features]


@bp.app_template_global()
def verdict_keys(sheet: Worksheet) -> list[str]:
    """The digits of the sheet's verdicts, in their order."""
    return [verdict_key(verdict.value) for verdict in sheet.verdicts]


@bp.app_template_global()
def verdict_key(value: str) -> str:
    """The digit of a verdict."""
    return VERDICTS[value]


def letters(policy: Policy) -> Iterator[tuple[str, str]]:
    """(key, what it chooses) of every key that a worksheet prints, in the sheet's order."""
    sheet = policy.review.worksheet
    yield from ((FEATURES[one.value], one.label) for one in sheet.features if one.value in FEATURES)
    yield from ((VERDICTS[one.value], one.label) for one in sheet.verdicts if one.value in VERDICTS)


def key_faults(policy: Policy) -> Iterator[str]:
    """Return a sentence for each feature or verdict without a key of its own, and for each key of none."""
    sheet = policy.review.worksheet
    for kind, keys, members in (("feature", FEATURES, sheet.features), ("verdict", VERDICTS, sheet.verdicts)):
        known = {one.value for one in members}
        yield from (f"worksheet: the {kind} '{value}' has no key" for value in sorted(known - set(keys)))
        yield from (f"worksheet: a key stands for '{value}', which is no {kind}" for value in sorted(set(keys) - known))
        yield from (f"worksheet: '{key}' is not one key" for key in keys.values() if len(key) != 1)
    taken = repeated([*FEATURES.values(), *VERDICTS.values()])
    yield from (f"worksheet: the key {key.upper()} has two meanings" for key in taken)
