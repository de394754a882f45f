"""The base of all tables: a public id, UTC times, versioned state, and sealed text.

Identifying text is never a plain column: a row keeps it in `sealed`, encrypted under the data key of its request
or gallery person (design: "Erasure that is real"; ACC-10).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, CursorResult, DateTime, LargeBinary, Result, String, event, inspect
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from app.clauses import enforces
from app.extensions import Table, stores
from app.policy import policy
from app.policy.names import StateName, SubjectType, Verb
from app.policy.types import Asked, Part, State, Workflow
from app.storage.sealed import open_json, seal_json

Value = TypeVar("Value")
ModelT = TypeVar("ModelT", bound="Model")
#: a verb of the workflow along which a row moves
Step = TypeVar("Step", bound=Verb)


def now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """A time, aware on both sides, stored in UTC. A naive value is refused (ValueError)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must carry its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def filled(value: Value | None) -> Value:
    """Return the value of a column or relationship that the workflow has filled by now.

    Raises RuntimeError when it is empty all the same (a fault of ours).
    """
    if value is None:
        raise RuntimeError("a value is missing that the workflow asks for before this")
    return value


def rows_touched(result: Result[Any]) -> int:
    """Return how many rows an UPDATE or DELETE touched. TypeError for another statement's result (a fault of ours)."""
    if not isinstance(result, CursorResult):
        raise TypeError("only an UPDATE or a DELETE touches rows")
    return result.rowcount


def new_uid() -> str:
    """Return a new public id: 32 hex digits, unguessable, without meaning."""
    return uuid.uuid4().hex


@dataclass(slots=True)
class _Naming:
    model: type[Model]
    uid: str | None
    made: list[Any] = field(default_factory=list)


_naming: ContextVar[_Naming | None] = ContextVar("naming", default=None)


@contextmanager
def named(model: type[ModelT], uid: str | None) -> Iterator[list[ModelT]]:
    """Give the first row of this table that is made within this public id; yields the list of those made.

    The id is unique, so whoever is about to make the same row again can look for it.
    """
    naming = _Naming(model, uid)
    token = _naming.set(naming)
    try:
        yield naming.made
    finally:
        _naming.reset(token)


class Model(Table):
    """A table with an internal key and a public id, both fixed for life."""

    __abstract__ = True
    #: the attribute that stands in addresses and audit events
    lookup: ClassVar[str] = "uid"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    def __init__(self, **values: Any) -> None:
        naming = _naming.get()
        if naming is not None and type(self) is naming.model:
            if naming.uid is not None and not naming.made:
                values["uid"] = naming.uid
            naming.made.append(self)
        # set at once, not at flush: sealed text is bound to the row's uid before the row is written
        values.setdefault("uid", new_uid())
        values.setdefault("created_at", now())
        super().__init__(**values)


class Sealed:
    """Text that only the holder of the owner's data key can read.

    A class using it answers `key_id`: the data key of its request or gallery person.
    """

    @declared_attr
    def sealed(cls) -> Mapped[bytes | None]:
        return mapped_column(LargeBinary)

    key_id: Any
    if TYPE_CHECKING:  # what Model gives to each class that uses this one; said here it would be a second column
        __tablename__: Any
        uid: Mapped[str]

    def _bound_to(self) -> bytes:
        return f"{self.__tablename__}:{self.uid}".encode()

    @property
    def private(self) -> Mapping[str, Any]:
        """Return the decrypted fields. Raises KeyDestroyed when the owner's key is gone, Tampered when altered."""
        if self.sealed is None:
            return MappingProxyType({})
        cached = self.__dict__.get("_opened")
        if cached is None or cached[0] != self.sealed:
            cached = (self.sealed, open_json(stores().keys, self.key_id, self.sealed, self._bound_to()))
            self.__dict__["_opened"] = cached
        return MappingProxyType(cached[1])

    @enforces("ACC-10")
    def seal(self, **fields: Any) -> None:
        """Add or replace fields; JSON values only."""
        merged = {**self.private, **fields}
        self.sealed = seal_json(stores().keys, self.key_id, merged, self._bound_to())


class Judged:
    """A row that records what somebody judged, with the policy version in force when they did.

    The version is taken when the row is made, and again whenever a column of `judged_in` changes: the judgment that
    stands then is a new one. It is empty in rows of which nobody recorded it.
    """

    #: the columns whose change is a new judgment
    judged_in: ClassVar[tuple[str, ...]] = ()

    @declared_attr
    def policy_version(cls) -> Mapped[str]:
        return mapped_column(String(64), server_default="")

    def __init__(self, **values: Any) -> None:
        values.setdefault("policy_version", policy().version)
        super().__init__(**values)


def _judged_anew(_mapper: Any, _connection: Any, row: Judged) -> None:
    history = inspect(row).attrs
    if any(history[name].history.has_changes() for name in row.judged_in):
        row.policy_version = policy().version


event.listen(Judged, "before_update", _judged_anew, propagate=True)


class Stateful(Generic[Step]):
    """A row that moves along the workflow named by its `subject_type`; only `workflow.advance` assigns the state.

    The version makes the second of two simultaneous decisions fail. A class using it repeats the workflow's states in
    a CHECK constraint.
    """

    if TYPE_CHECKING:  # what Model gives to each class that uses this one; said here it would be a second column
        id: Mapped[int]
        lookup: ClassVar[str]

    subject_type: ClassVar[SubjectType]
    state: Mapped[StateName] = mapped_column(String(20), index=True)
    state_since: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    version: Mapped[int] = mapped_column()

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}

    def __init__(self, **values: Any) -> None:
        # the initial state is the workflow's own word, given at once so that conditions may look at it
        values.setdefault("state", self.flow().initial)
        super().__init__(**values)

    @classmethod
    def flow(cls) -> Workflow:
        """Return the policy's workflow of such rows."""
        return policy().workflow(cls.subject_type)

    @property
    def stands(self) -> State:
        """Return the policy's state of this row: its words and what is due."""
        return self.flow().state(self.state)

    def has(self, mark: Asked) -> bool:
        """Tell whether the state carries a mark of the workflow. Raises KeyError when the workflow has no such mark."""
        return self.state in self.flow().states_that(mark)

    @classmethod
    def having(cls, mark: Asked) -> ColumnElement[bool]:
        """Return the condition for rows whose state carries a mark. Raises KeyError for an unknown mark."""
        return cls.state.in_(cls.flow().states_that(mark))

    def takes(self, *verbs: Step) -> bool:
        """Tell whether one of these verbs leads on from the state, whoever asks."""
        return self.state in self.flow().sources_of(*verbs)

    def first_of(self, *verbs: Step) -> Step | None:
        """Return the first of these verbs that leads on from the state, whoever asks, or None."""
        return next((verb for verb in verbs if self.takes(verb)), None)

    @classmethod
    def taking(cls, *verbs: Step) -> ColumnElement[bool]:
        """Return the condition for rows in whose state one of these verbs exists."""
        return cls.state.in_(cls.flow().sources_of(*verbs))

    @classmethod
    def awaiting(cls, part: Part | None = None) -> ColumnElement[bool]:
        """Return the condition for rows in whose state something is due, from this part or from anybody."""
        return cls.state.in_(cls.flow().awaiting(part))


def one_of(column: str, values: list[str] | tuple[str, ...]) -> str:
    """Return the text of a CHECK constraint that the column holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
