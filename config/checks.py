"""Checks of one setting each: what is wrong with its value, or None (``Settings`` names them where it declares it)."""

from __future__ import annotations

import grp
import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECRET_KEY_CHARACTERS = 32
MASTER_KEY_BYTES = 32
MASTER_KEY = f"must be {MASTER_KEY_BYTES} random bytes in Base64, 44 characters"

#: Values that stand in examples everywhere; accepting one would be no secret at all.
COMMON_SECRETS = frozenset({"secret", "changeme", "change-me", "dev", "development", "test", "password", "corroborate"})

#: libpq's sslmode values that refuse an unencrypted connection.
ENCRYPTED_SSLMODES = frozenset({"require", "verify-ca", "verify-full"})

HTTPS = "must be the https:// address of the portal (ACC-10)"
UNREADABLE = "is not an address that can be read"


def is_loopback(host: str | None) -> bool:
    """True for a name or address that never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def in_brackets(host: str) -> str:
    """A host as an address holds it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def with_driver(url: str) -> str:
    """Names the PostgreSQL driver that the lock installs; SQLAlchemy would guess another one."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def standard_base64(given: str) -> str:
    """Base64 in the usual alphabet, also where the one for addresses was used."""
    return given.replace("-", "+").replace("_", "/")


def split(url: str) -> SplitResult | None:
    """The address in parts; None when it cannot be read."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


# not by the path's own questions, which fail on a name that is too long for the machine
def a_file(path: Path | None) -> str | None:
    return f"there is no file {path}" if path is not None and not os.path.isfile(path) else None


def a_folder(path: Path | None) -> str | None:
    return f"there is no folder {path}" if path is not None and not os.path.isdir(path) else None


def a_group(name: str) -> str | None:
    known = {one.gr_name for one in grp.getgrall()}
    return None if not name or name in known else f"there is no group {name} on this machine"


def a_zone(name: str) -> str | None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"must be a time zone such as America/New_York, not {name!r}"
    return None


def public_address(url: str) -> str | None:
    if (parts := split(url)) is None:
        return UNREADABLE
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must be the address people type, such as https://corroborate.example"
    return None


def encrypted_portal(url: str) -> str | None:
    return None if url.startswith("https://") else HTTPS


def mail_server(url: str) -> str | None:
    if (parts := split(url)) is None:
        return UNREADABLE
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        return "must look like smtp://mail.example:587 (STARTTLS) or smtps://mail.example:465"
    if bool(parts.username) != bool(parts.password):
        return "must hold a user name and a password, or neither"
    return None


def a_sender(address: str) -> bool:
    """True for one address of a mailbox and nothing beside it."""
    return re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", address) is not None


def encrypted_database(url: str) -> str | None:
    if (parts := split(url)) is None:
        return UNREADABLE
    if parts.scheme != "postgresql+psycopg":
        return f"must be a postgresql:// address; {parts.scheme or 'that'} is for demonstrations"
    query = parse_qs(parts.query)
    named = [unquote(parts.hostname or ""), *query.get("host", []), *query.get("hostaddr", [])]
    hosts = [host for given in named for host in given.split(",") if host]
    local = all(host.startswith("/") or is_loopback(host) for host in hosts)
    if not local and not set(query.get("sslmode", [""])) <= ENCRYPTED_SSLMODES:
        return "must carry sslmode=require, verify-ca or verify-full (ACC-10)"
    return None


def encrypted_queue(url: str) -> str | None:
    if (parts := split(url)) is None:
        return UNREADABLE
    if parts.scheme not in ("rediss", "unix", "redis"):
        return "must start with rediss://, unix:// or, on this machine only, redis://"
    if parts.scheme == "redis" and not is_loopback(parts.hostname):
        return "must start with rediss:// unless the server is on this machine (ACC-10)"
    return None


def encrypted_directory(url: str) -> str | None:
    if (parts := split(url)) is None:
        return UNREADABLE
    if parts.scheme not in ("ldap", "ldaps") or not parts.hostname:
        return "must look like ldaps://directory.example:636"
    if parts.scheme == "ldap" and not is_loopback(parts.hostname):
        return "must start with ldaps:// unless the directory is on this machine (ACC-10)"
    return None


def encrypted_index(uri: str) -> str | None:
    if (parts := split(uri)) is None:
        return UNREADABLE
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must be the https:// address of a Milvus server, not a file"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "must start with https:// unless the server is here (ACC-10)"
    return None


def a_secret(value: str) -> str | None:
    if value.lower() in COMMON_SECRETS or len(value) < SECRET_KEY_CHARACTERS or len(set(value)) < 8:
        return f"must be at least {SECRET_KEY_CHARACTERS} random characters, not an example value"
    return None


def a_master_key(value: bytes | None) -> str | None:
    return MASTER_KEY if value is not None and len(set(value)) < 8 else None
