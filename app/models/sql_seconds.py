"""`seconds`: a moment in SQL as a number, so that any database can add, compare and order lengths of time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class seconds(FunctionElement[float]):
    """The seconds of a moment since 1970, to the millisecond at least."""

    type = Float()
    name = "seconds"
    inherit_cache = True


@compiles(seconds, "sqlite")
def _of_sqlite(element: seconds, compiler: Any, **kw: Any) -> str:
    return f"((julianday({compiler.process(element.clauses, **kw)}) - 2440587.5) * 86400.0)"


@compiles(seconds, "postgresql")
def _of_postgresql(element: seconds, compiler: Any, **kw: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **kw)}) AS DOUBLE PRECISION)"
