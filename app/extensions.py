"""The portal's shared extensions: created here, bound to an application in create_app.

`db` is the only session; `stores()` gives the key store and blob store of the running application.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import ldap3
from flask import Flask, current_app, has_request_context, request
from flask_htmx import HTMX
from flask_ldap3_login import LDAP3LoginManager
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.pagination import Pagination
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from werkzeug.local import LocalProxy

from app.storage.blobs import BlobStore
from app.storage.certificates import DocumentKey
from app.storage.keys import KeyStore
from app.storage.signing import Signer
from app.typed import whole_number_or
from config.settings import Settings


class Base(DeclarativeBase):
    """Every constraint has a name, so that a migration can refer to it on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class EntriesOnly(ldap3.Connection):
    """A connection whose searches find entries and nothing else.

    A search from the root of an Active Directory also names the servers that keep other parts of it (RFC 4511, 4.5.3).
    Those references are no people, and none is followed.
    """

    response: list[dict[str, Any]] | None

    def search(self, *args: Any, **kwargs: Any) -> bool:
        super().search(*args, **kwargs)
        self.response = [item for item in self.response or () if item.get("type") == "searchResEntry"]
        return bool(self.response)


class Directory(LDAP3LoginManager):
    """flask-ldap3-login on such connections, as it counts every answer to a search and takes the first."""

    def _make_connection(self, *args: Any, **kwargs: Any) -> EntriesOnly:
        made = super()._make_connection(*args, **kwargs)
        # the library makes its connections itself and lets nobody name the class
        made.__class__ = EntriesOnly
        return made


def page_asked() -> int:
    """The page of a list that the address asks for; the first for anything that is no number of a page."""
    return whole_number_or(request.args.get("page"), 1) if has_request_context() else 1


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, whose lists take from an address only a page that the database can count to."""

    def paginate(self, select: Any, *, page: int | None = None, **kwargs: Any) -> Pagination:
        return super().paginate(select, page=page_asked() if page is None else page, **kwargs)


db = Database(model_class=Base, session_options={"expire_on_commit": True})
if TYPE_CHECKING:  # an attribute of an object is no type to the checker
    Table = Base
else:
    Table = db.Model
migrate = Migrate()
login = LoginManager()
ldap = Directory()
csrf = CSRFProtect()
htmx = HTMX()


@dataclass(frozen=True, slots=True)
class Stores:
    """The places outside the database: wrapped keys, encrypted blobs, the keys that sign manifests and documents."""

    keys: KeyStore
    blobs: BlobStore
    signer: Signer
    documents: DocumentKey

    def erase(self, keys: Iterable[str], blobs: Iterable[str]) -> None:
        """Destroy keys, for then every copy of what they covered is unreadable, then files (ACC-10). May be repeated.

        Raises DiskFailure.
        """
        for key_id in keys:
            self.keys.destroy(key_id)
        for blob_id in blobs:
            self.blobs.destroy(blob_id)

    def left_of(self, keys: Iterable[str], blobs: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return which of these keys are not proven destroyed, and which of these files are still stored."""
        open_keys = [key_id for key_id in keys if not self.keys.is_destroyed(key_id) or self.keys.exists(key_id)]
        return open_keys, [blob_id for blob_id in blobs if self.blobs.exists(blob_id)]


def running_app() -> Flask:
    """Return the running application itself, for work that outlives the request, such as a thread or a transfer."""
    # Flask types `current_app` as what it stands for
    return cast("LocalProxy[Flask]", current_app)._get_current_object()


def stores() -> Stores:
    """The stores of the running application."""
    return current_app.extensions["stores"]


def settings() -> Settings:
    """The settings the running application was created with."""
    return current_app.extensions["settings"]
