"""The directory, the only source of people and roles (ACC-8): asked at every request, never remembered as a right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ldap3
from flask import Flask
from flask_ldap3_login import AuthenticationResponseStatus
from ldap3.core.exceptions import LDAPException, LDAPSASLPrepError
from ldap3.protocol.sasl.sasl import validate_simple_password

from app.clauses import enforces
from app.extensions import ldap, settings
from app.policy import policy

DISABLED_BIT = 0x2  # ADS_UF_ACCOUNTDISABLE, Active Directory's userAccountControl


class DirectoryUnavailable(Exception):
    """Raised when the directory does not answer; access is then refused."""


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A person as the directory has them now."""

    name: str
    display_name: str
    title: str
    command: str
    enabled: bool
    roles: frozenset[str]
    #: where mail reaches them; empty when the directory does not say
    mail: str = ""


def init_directory(app: Flask) -> None:
    """Bind flask-ldap3-login to the directory of the settings, with certificate checks and a time limit."""
    own = app.extensions["settings"]
    app.config.update(own.ldap_config())
    ldap.init_app(app)
    secure = own.ldap_url.startswith("ldaps://")
    tls = ldap3.Tls(validate=2, ca_certs_file=str(own.ldap_ca_file) if own.ldap_ca_file else None) if secure else None
    server = ldap3.Server(own.ldap_url, connect_timeout=own.ldap_timeout_seconds, tls=tls, get_info=ldap3.NONE)
    # flask-ldap3-login hangs its servers on the application, of which Flask's types know nothing
    app.ldap3_login_manager_server_pool.add(server)  # type: ignore[attr-defined]  # see above


@enforces("ACC-3", "ACC-8")
def authenticate(name: str, password: str) -> DirectoryEntry | None:
    """Return the person when name and password are right and the account is enabled, else None. No password is kept.

    Raises DirectoryUnavailable.
    """
    if not name or not password:
        return None  # an LDAP bind with an empty password is an anonymous success (RFC 4513, 5.1.2)
    if "\0" in name or not _can_be_sent(password):
        return None
    try:
        answer = ldap.authenticate(name, password)
    except LDAPException as error:
        raise DirectoryUnavailable("the directory did not answer") from error
    if answer.status != AuthenticationResponseStatus.success:
        if answer.exception is not None and not _is_refusal(answer.exception):
            raise DirectoryUnavailable("the directory did not answer") from answer.exception
        return None
    entry = _entry(answer.user_info, answer.user_groups)
    return entry if entry.enabled else None


def lookup(name: str) -> DirectoryEntry | None:
    """Return the person as the directory has them now, or None when absent. Raises DirectoryUnavailable."""
    try:
        connection = ldap.connection
        info = ldap.get_user_info_for_username(name, _connection=connection)
        if info is None:
            return None
        return _entry(info, ldap.get_user_groups(info["dn"], _connection=connection))
    except LDAPException as error:
        raise DirectoryUnavailable("the directory did not answer") from error


def members(role_id: str) -> list[str]:
    """Return the names of the people in a role's directory group. Raises DirectoryUnavailable."""
    group = policy().roles[role_id].group
    own = settings()
    try:
        connection = ldap.connection
        wanted = f"(&{own.ldap_groups_filter}(cn={ldap3.utils.conv.escape_filter_chars(group)}))"
        connection.search(ldap.full_group_search_dn, wanted, attributes=[own.ldap_member_attribute])
        found = [item["attributes"] for item in connection.response if item.get("type") == "searchResEntry"]
        names = []
        for dn in _many(found[0].get(own.ldap_member_attribute)) if found else []:
            info = ldap.get_user_info(dn, _connection=connection)
            if info is not None:
                names.append(_one(info.get(own.ldap_login_attribute)))
        return sorted(names)
    except LDAPException as error:
        raise DirectoryUnavailable("the directory did not answer") from error


def _can_be_sent(password: str) -> bool:
    """Return whether LDAP can carry the password: one with control characters and the like (RFC 4013) is nobody's."""
    try:
        validate_simple_password(password)
    except LDAPSASLPrepError:
        return False
    return True


def _is_refusal(error: Exception) -> bool:
    return type(error).__name__ in {"LDAPInvalidCredentialsResult", "LDAPUnwillingToPerformResult"}


def _many(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _one(value: Any) -> str:
    values = _many(value)
    return values[0] if values else ""


def _entry(info: Any, groups: list[Any]) -> DirectoryEntry:
    own = settings()
    names = {_one(group.get("cn")) for group in groups}
    status = _one(info.get(own.ldap_status_attribute))
    return DirectoryEntry(
        name=_one(info.get(own.ldap_login_attribute)),
        display_name=_one(info.get("cn")),
        title=_one(info.get(own.ldap_rank_attribute)),
        command=_one(info.get(own.ldap_command_attribute)),
        enabled=not (status.isdigit() and int(status) & DISABLED_BIT),
        roles=frozenset(role.id for role in policy().roles.values() if role.group and role.group in names),
        mail=_one(info.get(own.ldap_mail_attribute)),
    )
