"""Numbers of arrestees and of their records: sealed with the row, found by a blind index (ACC-10).

What stands in the column says nothing without the key store. The number itself goes with the row's key: afterwards a
short reference stands for it wherever it was shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from operator import eq, ne
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.hybrid import Comparator, hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.operators import in_op, not_in_op

from app.extensions import stores
from app.models.base import Sealed
from app.storage import INDEX_DIGITS, KeyDestroyed, blind_index, blind_indexes

RowT = TypeVar("RowT", bound="Numbered")


class _ByIndex(Comparator[str]):
    """Compares a number with others by their indexes. It has no order, and no statement can read it."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __clause_element__(self) -> Any:
        raise TypeError(f"{self.of.index_domain()} is sealed: a statement can only compare it.")

    def operate(self, op: Callable[..., Any], *other: Any, **kwargs: Any) -> ColumnElement[Any]:
        index, domain = self.of.number_index, self.of.index_domain()
        if op in (eq, ne):
            return op(index, self.of.index_of(*other))
        if op in (in_op, not_in_op):
            return op(index, blind_indexes(stores().keys, domain, *other), **kwargs)
        raise TypeError(f"{domain} is sealed: it can be compared for equality and nothing else.")


class Numbered(Sealed):
    """A row with a number of an arrestee or of a record, given when it is made and never changed; None: it is erased.

    `number_name` is the name under which the number is sealed, and by which it is asked for and compared.
    """

    number_name: ClassVar[str]
    number_index: Mapped[str] = mapped_column(String(INDEX_DIGITS))
    if TYPE_CHECKING:
        uid: Mapped[str]

    def __init__(self, **values: Any) -> None:
        number: str | None = values.pop(self.number_name)
        super().__init__(**values)
        if number is None:
            self.forget_number()
            return
        self.number_index = self.index_of(number)
        self.seal(**{self.number_name: number})

    @classmethod
    def index_domain(cls) -> str:
        """Return what separates the indexes of this column from those of others."""
        return f"{cls.__tablename__}.{cls.number_name}"

    @classmethod
    def index_of(cls, number: str) -> str:
        """Return what stands in the column for a number."""
        return blind_index(stores().keys, cls.index_domain(), number)

    @property
    def number(self) -> str:
        """Return the number, or a short reference that says it is erased."""
        try:
            held = self.private.get(self.number_name)
        except KeyDestroyed:
            held = None
        return str(held) if held is not None else self.stand_in

    @property
    def stand_in(self) -> str:
        """Return what is shown where the number was, once it is erased."""
        return f"{self.uid[:8]} (erased)"

    @property
    def number_is_erased(self) -> bool:
        return self.number == self.stand_in

    def forget_number(self) -> None:
        """Put chance in place of the index, so that no later guess can be tested against it."""
        self.number_index = secrets.token_hex(INDEX_DIGITS // 2)


class OfPerson(Numbered):
    """A row with the number of an arrestee."""

    number_name = "person_number"

    @hybrid_property
    def person_number(self) -> str:
        """Return the number all records of the person share."""
        return self.number

    @person_number.inplace.comparator
    @classmethod
    def _compared(cls) -> _ByIndex:
        return _ByIndex(cls)


class OfRecord(Numbered):
    """A row with the number of an arrest or parole record."""

    number_name = "record_number"

    @hybrid_property
    def record_number(self) -> str:
        """Return the number of the record."""
        return self.number

    @record_number.inplace.comparator
    @classmethod
    def _compared(cls) -> _ByIndex:
        return _ByIndex(cls)


def named_by(numbers: Iterable[str], rows: Iterable[RowT]) -> dict[RowT, str]:
    """Return the number of each row, also of one that is erased where it is among the numbers somebody states."""
    stated, found = list(numbers), list(rows)
    if not found:
        return {}
    known = dict(zip(blind_indexes(stores().keys, found[0].index_domain(), stated), stated, strict=True))
    return {row: known.get(row.number_index) or row.number for row in found}
