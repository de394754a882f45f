"""Reads an environment into the values of ``Settings``, gathering every fault on the way.

Two modes. ``casework`` (the default) accepts only a department's own servers, over encrypted channels
(ACC-10), and secrets that somebody chose. ``demonstration`` fills in what is unset: SQLite, a Redis on a
socket, a directory on loopback, and random secrets kept in the data directory.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.embedded import Embedded

CASEWORK = "casework"
DEMONSTRATION = "demonstration"
MASTER_KEY_BYTES = 32
SECRET_KEY_CHARACTERS = 32

#: Settings field -> the variable it is read from.
ENVIRONMENT_NAMES = {
    "mode": "CORROBORATE_MODE",
    "data_dir": "CORROBORATE_DATA_DIR",
    "master_key": "CORROBORATE_MASTER_KEY",
    "extractor": "CORROBORATE_EXTRACTOR",
    "matching_index": "CORROBORATE_INDEX",
    "milvus_uri": "CORROBORATE_MILVUS_URI",
    "trusted_proxy": "TRUSTED_PROXY_HOPS",
    "department": "DEPARTMENT_NAME",
    "time_zone": "TIME_ZONE",
} | {
    key: key.upper()
    for key in (
        *("database_url", "redis_url", "secret_key", "public_url"),
        *(
            "ldap_url",
            "ldap_base_dn",
            "ldap_people_dn",
            "ldap_groups_dn",
            "ldap_bind_dn",
            "ldap_bind_password",
        ),
        *("ldap_ca_file", "ldap_timeout_seconds", "ldap_login_attribute", "ldap_people_filter"),
        *("ldap_groups_filter", "ldap_member_attribute", "ldap_rank_attribute", "ldap_command_attribute"),
        *("ldap_mail_attribute", "smtp_url", "smtp_sender", "smtp_ca_file"),
        *("ldap_status_attribute", "models_dir", "key_store_dir", "blob_dir", "case_files_dir", "anchor_dir"),
        *("log_dir", "listen_host", "listen_port", "tls_cert", "tls_key"),
        *("lease_seconds", "keep_jobs_days", "session_idle_minutes", "session_hours", "export_hours"),
        *("job_workers", "network_threads"),
        *("web_workers", "web_threads", "web_timeout_seconds", "web_graceful_seconds", "web_keepalive_seconds"),
    )
}

#: Values that stand in examples everywhere; accepting one would be no secret at all.
COMMON_SECRETS = frozenset({"secret", "changeme", "change-me", "dev", "development", "test", "password", "corroborate"})

#: what CORROBORATE_INDEX may say (docs/decisions/0014-search-indexes.md)
INDEXES = ("exact", "faiss", "milvus")

#: libpq's sslmode values that refuse an unencrypted connection.
ENCRYPTED_SSLMODES = frozenset({"require", "verify-ca", "verify-full"})


class SettingsError(Exception):
    """The environment does not add up: ``faults`` holds a sentence each, ``str()`` puts one on a line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def is_loopback(host: str | None) -> bool:
    """True for a name or address that never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class Reader:
    """Reads one environment, gathering faults instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = {name: value.strip() for name, value in environ.items() if value.strip()}
        self.faults: list[str] = []

    def fault(self, name: str, sentence: str) -> None:
        # What was typed may hold a line break, and a fault is one line.
        self.faults.append(f"{name}: {' '.join(sentence.split())}")

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, default)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        given = self.environ.get(name, str(default))
        try:
            value = int(given)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            self.fault(name, f"must be a whole number from {low} to {high}, not {given!r}")
            return default
        return value

    def zone(self, name: str, default: str) -> str:
        """The name of a time zone of the tz database."""
        given = self.text(name, default)
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fault(name, f"must be a time zone such as America/New_York, not {given!r}")
            return default
        return given

    def path(self, name: str, default: Path) -> Path:
        return Path(self.environ.get(name, default)).absolute()

    def file(self, name: str) -> Path | None:
        if name not in self.environ:
            return None
        path = self.path(name, Path())
        if not path.is_file():
            self.fault(name, f"there is no file {path}")
        return path

    def values(self) -> dict[str, Any]:
        """Every field of Settings by name. Raises SettingsError naming all faults."""
        mode = self.text("CORROBORATE_MODE", CASEWORK)
        if mode not in (CASEWORK, DEMONSTRATION):
            self.fault("CORROBORATE_MODE", f"must be {CASEWORK} or {DEMONSTRATION}, not {mode!r}")
        data_dir = self.path("CORROBORATE_DATA_DIR", Path("var"))
        values: dict[str, Any] = {"mode": mode, "data_dir": data_dir}
        values |= self.places(data_dir) | self.numbers() | self.network() | self.index(mode) | self.mail()
        values |= self.demonstration(data_dir) if mode == DEMONSTRATION else self.casework()
        values |= self.directory(values["ldap_base_dn"])
        if not values["public_url"]:
            values["public_url"] = f"http://{values['listen_host']}:{values['listen_port']}"
        if self.faults:
            raise SettingsError(self.faults)
        return values

    def places(self, data_dir: Path) -> dict[str, Any]:
        names = {
            "models_dir": "models",
            "key_store_dir": "keys",
            "blob_dir": "blobs",
            "case_files_dir": "case-files",
            "anchor_dir": "anchors",
            "log_dir": "log",
        }
        places = {key: self.path(key.upper(), data_dir / name) for key, name in names.items()}
        if places["key_store_dir"].resolve().is_relative_to(places["blob_dir"].resolve()):
            self.fault("KEY_STORE_DIR", "must lie outside BLOB_DIR: keys kept beside what they lock erase nothing")
        return places

    def numbers(self) -> dict[str, Any]:
        return {
            "department": self.text("DEPARTMENT_NAME", "Police Department"),
            "time_zone": self.zone("TIME_ZONE", "America/New_York"),
            "extractor": self.text("CORROBORATE_EXTRACTOR", "dlib-resnet-v1"),
            "lease_seconds": self.number("LEASE_SECONDS", 15, 2, 600),
            # the pages tell of the last seven days
            "keep_jobs_days": self.number("KEEP_JOBS_DAYS", 90, 8, 3650),
            "session_idle_minutes": self.number("SESSION_IDLE_MINUTES", 30, 1, 240),
            "session_hours": self.number("SESSION_HOURS", 12, 1, 24),
            "web_workers": self.number("WEB_WORKERS", 2, 1, 64),
            "web_threads": self.number("WEB_THREADS", 4, 1, 64),
            "web_timeout_seconds": self.number("WEB_TIMEOUT_SECONDS", 60, 10, 600),
            "web_graceful_seconds": self.number("WEB_GRACEFUL_SECONDS", 30, 1, 600),
            "web_keepalive_seconds": self.number("WEB_KEEPALIVE_SECONDS", 5, 1, 120),
            "export_hours": self.number("EXPORT_HOURS", 24, 1, 168),
            "job_workers": self.number("JOB_WORKERS", 1, 1, 64),
            "network_threads": self.number("NETWORK_THREADS", 1, 1, 64),
        }

    def index(self, mode: str) -> dict[str, Any]:
        """Which index searches, and where Milvus is."""
        kind, uri = self.text("CORROBORATE_INDEX", "exact"), self.text("CORROBORATE_MILVUS_URI")
        if kind not in INDEXES:
            self.fault("CORROBORATE_INDEX", f"must be one of {', '.join(INDEXES)}, not {kind!r}")
        if kind == "milvus" and not uri:
            self.fault(
                "CORROBORATE_MILVUS_URI", "must name a Milvus server: CORROBORATE_INDEX=milvus keeps templates there"
            )
        if uri and mode == CASEWORK:
            parts = self.split("CORROBORATE_MILVUS_URI")
            if parts and (parts.scheme not in ("http", "https") or not parts.hostname):
                self.fault("CORROBORATE_MILVUS_URI", "must be the https:// address of a Milvus server, not a file")
            elif parts and parts.scheme == "http" and not is_loopback(parts.hostname):
                self.fault("CORROBORATE_MILVUS_URI", "must start with https:// unless the server is here (ACC-10)")
        return {"matching_index": kind, "milvus_uri": uri}

    def network(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "listen_host": self.text("LISTEN_HOST", "127.0.0.1"),
            "listen_port": self.number("LISTEN_PORT", 8000, 1, 65535),
            "trusted_proxy": self.number("TRUSTED_PROXY_HOPS", 0, 0, 8),
            "tls_cert": self.file("TLS_CERT"),
            "tls_key": self.file("TLS_KEY"),
            "public_url": self.text("PUBLIC_URL").rstrip("/"),
        }
        if ("TLS_CERT" in self.environ) != ("TLS_KEY" in self.environ):
            self.fault("TLS_CERT", "TLS_CERT and TLS_KEY belong together; set both or neither")
        elif all(values[name] and values[name].is_file() for name in ("tls_cert", "tls_key")):
            self.certificate(values["tls_cert"], values["tls_key"])
        parts = self.split("PUBLIC_URL")
        if parts and (parts.scheme not in ("http", "https") or not parts.hostname):
            self.fault("PUBLIC_URL", "must be the address people type, such as https://corroborate.example")
        return values

    def certificate(self, cert: Path, key: Path) -> None:
        """Load both as the web server will: it would start with any file and then refuse every connection."""
        try:
            # no passphrase is asked for: nobody sits before a server that starts
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: b"")
        except (OSError, ValueError) as error:
            self.fault("TLS_CERT", f"the server cannot use {cert} with the key {key}: {error}")

    def mail(self) -> dict[str, Any]:
        """Where e-mail goes; without SMTP_URL none is sent."""
        parts, sender = self.split("SMTP_URL"), self.text("SMTP_SENDER")
        if parts and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            self.fault("SMTP_URL", "must look like smtp://mail.example:587 (STARTTLS) or smtps://mail.example:465")
        if parts and bool(parts.username) != bool(parts.password):
            self.fault("SMTP_URL", "must hold a user name and a password, or neither")
        if parts and not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", sender):
            self.fault("SMTP_SENDER", "must be the address that mail comes from, such as portal@corroborate.example")
        return {
            "smtp_url": self.text("SMTP_URL"),
            "smtp_sender": sender,
            "smtp_ca_file": self.file("SMTP_CA_FILE"),
        }

    def split(self, name: str) -> SplitResult | None:
        """The address under ``name`` in parts; None when unset or unreadable (then a fault too)."""
        given = self.text(name)
        if not given:
            return None
        try:
            parts = urlsplit(given)
            _ = parts.port
        except ValueError:
            self.fault(name, "is not an address that can be read")
            return None
        return parts

    # casework

    def casework(self) -> dict[str, Any]:
        """Values of casework mode; every default that only suits a demonstration is a fault."""
        for name, what in (
            ("DATABASE_URL", "a PostgreSQL database"),
            ("REDIS_URL", "a Redis server"),
            ("LDAP_URL", "the department's directory"),
        ):
            if name not in self.environ:
                self.fault(name, f"must name {what}; the embedded one serves only CORROBORATE_MODE={DEMONSTRATION}")
        for name in ("LDAP_BASE_DN", "LDAP_BIND_DN", "LDAP_BIND_PASSWORD"):
            if name not in self.environ:
                self.fault(name, "must be set: roles come from the directory's groups (ACC-8)")
        self.database()
        self.redis()
        self.ldap()
        self.portal()
        return {
            "database_url": _driver(self.text("DATABASE_URL")),
            "redis_url": self.text("REDIS_URL"),
            "ldap_url": self.text("LDAP_URL"),
            "ldap_base_dn": self.text("LDAP_BASE_DN"),
            "ldap_bind_dn": self.text("LDAP_BIND_DN"),
            "ldap_bind_password": self.text("LDAP_BIND_PASSWORD"),
            "secret_key": self.secret_key(),
            "master_key": self.master_key(),
        }

    def database(self) -> None:
        parts = self.split("DATABASE_URL")
        if parts is None:
            return
        if parts.scheme not in ("postgresql", "postgresql+psycopg", "postgres"):
            self.fault(
                "DATABASE_URL",
                f"must be a postgresql:// address; {parts.scheme or 'that'} is for demonstrations",
            )
            return
        query = parse_qs(parts.query)
        named = [unquote(parts.hostname or ""), *query.get("host", []), *query.get("hostaddr", [])]
        hosts = [host for given in named for host in given.split(",") if host]
        local = all(host.startswith("/") or is_loopback(host) for host in hosts)
        if not local and not set(query.get("sslmode", [""])) <= ENCRYPTED_SSLMODES:
            self.fault("DATABASE_URL", "must carry sslmode=require, verify-ca or verify-full (ACC-10)")

    def redis(self) -> None:
        parts = self.split("REDIS_URL")
        if parts is None or parts.scheme in ("rediss", "unix"):
            return
        if parts.scheme != "redis":
            self.fault("REDIS_URL", "must start with rediss://, unix:// or, on this machine only, redis://")
        elif not is_loopback(parts.hostname):
            self.fault("REDIS_URL", "must start with rediss:// unless the server is on this machine (ACC-10)")

    def ldap(self) -> None:
        parts = self.split("LDAP_URL")
        if parts is None or (parts.scheme == "ldaps" and parts.hostname):
            return
        if parts.scheme not in ("ldap", "ldaps") or not parts.hostname:
            self.fault("LDAP_URL", "must look like ldaps://directory.example:636")
        elif not is_loopback(parts.hostname):
            self.fault("LDAP_URL", "must start with ldaps:// unless the directory is on this machine (ACC-10)")

    def portal(self) -> None:
        if not self.text("PUBLIC_URL").startswith("https://"):
            self.fault("PUBLIC_URL", "must be the https:// address of the portal (ACC-10)")
        if "TLS_CERT" not in self.environ and self.text("TRUSTED_PROXY_HOPS", "0") == "0":
            self.fault("TLS_CERT", "set TLS_CERT and TLS_KEY, or TRUSTED_PROXY_HOPS where a proxy ends TLS (ACC-10)")

    def secret_key(self) -> str:
        value = self.text("SECRET_KEY")
        if not value:
            self.fault("SECRET_KEY", "must be set: it signs sessions")
        elif value.lower() in COMMON_SECRETS or len(value) < SECRET_KEY_CHARACTERS or len(set(value)) < 8:
            self.fault(
                "SECRET_KEY",
                f"must be at least {SECRET_KEY_CHARACTERS} random characters, not an example value",
            )
        return value

    def master_key(self) -> bytes:
        value = self.text("CORROBORATE_MASTER_KEY")
        if not value:
            self.fault("CORROBORATE_MASTER_KEY", "must be set: it locks the key store")
            return b""
        try:
            key = base64.b64decode(value, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != MASTER_KEY_BYTES or len(set(key)) < 8:
            self.fault("CORROBORATE_MASTER_KEY", f"must be {MASTER_KEY_BYTES} random bytes in Base64, 44 characters")
        return key

    # demonstration

    def demonstration(self, data_dir: Path) -> dict[str, Any]:
        """Values of demonstration mode; what is unset comes from the embedded services and secrets."""
        embedded = Embedded(data_dir)
        secrets = embedded.secrets() if not self.faults else {}

        def given(name: str, otherwise: Callable[[], str]) -> str:
            return self.environ[name] if name in self.environ else otherwise()

        master = self.master_key() if "CORROBORATE_MASTER_KEY" in self.environ else b""
        return {
            "database_url": _driver(given("DATABASE_URL", lambda: embedded.database_url)),
            "redis_url": given("REDIS_URL", lambda: embedded.redis_url),
            "ldap_url": given("LDAP_URL", lambda: f"ldap://127.0.0.1:{self.directory_port(embedded)}"),
            "ldap_base_dn": self.text("LDAP_BASE_DN", embedded.base_dn),
            "ldap_bind_dn": self.text("LDAP_BIND_DN", embedded.bind_dn),
            "ldap_bind_password": given("LDAP_BIND_PASSWORD", lambda: secrets.get("directory_password", "")),
            "secret_key": given("SECRET_KEY", lambda: secrets.get("secret_key", "")),
            "master_key": master or bytes.fromhex(secrets.get("master_key", "")),
        }

    def directory_port(self, embedded: Embedded) -> int:
        if "DIRECTORY_PORT" in self.environ:
            return self.number("DIRECTORY_PORT", 3890, 1, 65535)
        return 0 if self.faults else embedded.directory_port()

    def directory(self, base: str) -> dict[str, Any]:
        people = self.text("LDAP_PEOPLE_DN", f"ou=people,{base}")
        groups = self.text("LDAP_GROUPS_DN", f"ou=groups,{base}")
        for name, value in (("LDAP_PEOPLE_DN", people), ("LDAP_GROUPS_DN", groups)):
            if base and not value.lower().endswith(base.lower()):
                self.fault(name, f"must lie below LDAP_BASE_DN ({base})")
        return {
            "ldap_people_dn": people,
            "ldap_groups_dn": groups,
            "ldap_ca_file": self.file("LDAP_CA_FILE"),
            "ldap_timeout_seconds": self.number("LDAP_TIMEOUT_SECONDS", 5, 1, 60),
            "ldap_login_attribute": self.text("LDAP_LOGIN_ATTRIBUTE", "uid"),
            "ldap_people_filter": self.text("LDAP_PEOPLE_FILTER", "(objectClass=person)"),
            "ldap_groups_filter": self.text("LDAP_GROUPS_FILTER", "(objectClass=groupOfNames)"),
            "ldap_member_attribute": self.text("LDAP_MEMBER_ATTRIBUTE", "member"),
            "ldap_rank_attribute": self.text("LDAP_RANK_ATTRIBUTE", "title"),
            "ldap_command_attribute": self.text("LDAP_COMMAND_ATTRIBUTE", "departmentNumber"),
            "ldap_status_attribute": self.text("LDAP_STATUS_ATTRIBUTE", "userAccountControl"),
            "ldap_mail_attribute": self.text("LDAP_MAIL_ATTRIBUTE", "mail"),
        }


def _driver(url: str) -> str:
    """Names the PostgreSQL driver that the lock installs; SQLAlchemy would guess another one."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
