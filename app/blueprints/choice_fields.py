"""Form fields with choices, always given as pairs of value and words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import wtforms
from wtforms import SelectChoice

Pairs = Iterable[tuple[str, str]]


class _TakesPairs(wtforms.SelectField):
    """A field that turns pairs into WTForms' choices, whether they are given at once or later."""

    def __init__(
        self, label: Any = None, validators: Any = None, *, choices: Pairs | None = None, **given: Any
    ) -> None:
        super().__init__(label, validators, choices=_named(choices), **given)

    @property
    def choices(self) -> list[SelectChoice] | None:
        return super().choices

    @choices.setter
    def choices(self, pairs: Pairs | None) -> None:
        wtforms.SelectField.choices.__set__(self, _named(pairs))


class SelectField(_TakesPairs):
    """A list from which one is chosen."""


class RadioField(_TakesPairs, wtforms.RadioField):
    """Radio buttons, one of which is chosen."""


class SelectMultipleField(_TakesPairs, wtforms.SelectMultipleField):
    """A list from which several may be chosen."""


def _named(pairs: Pairs | None) -> list[SelectChoice] | None:
    return None if pairs is None else [SelectChoice(value, label) for value, label in pairs]
