"""The photographs that a search may look at, chosen before anybody is ranked (CAP-3)."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Eligible:
    """The photographs ``ids``, or all in the index but those. Ids that are not in the index mean nothing.

    A gallery of a million photographs of which three may not be seen is ``Eligible.all_but(three)``: no million ids
    have to be gathered for each search. What is said is exact either way.
    """

    ids: Set[str]
    but: bool

    @classmethod
    def only(cls, photo_ids: Iterable[str]) -> Eligible:
        """Exactly these photographs."""
        return cls(frozenset(photo_ids), False)

    @classmethod
    def all_but(cls, photo_ids: Iterable[str]) -> Eligible:
        """Every photograph in the index except these."""
        return cls(frozenset(photo_ids), True)

    @classmethod
    def of(cls, given: Eligible | Set[str]) -> Eligible:
        """A plain set of ids means only those."""
        return given if isinstance(given, Eligible) else cls(given, False)

    @property
    def everything(self) -> bool:
        """Whether no photograph of the index is left out."""
        return self.but and not self.ids

    def allows(self, photo_id: str) -> bool:
        """Whether the photograph may be looked at."""
        return (photo_id in self.ids) is not self.but


#: every photograph in the index
ALL = Eligible(frozenset(), True)
