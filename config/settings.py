"""Settings: one frozen object, read from the environment once per process and checked as a whole.

``Settings.from_env(os.environ)`` either returns settings the portal can run with or raises
``SettingsError`` with one line per fault, all of them at once. Nothing is kept at module level: whoever
needs settings is handed them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.embedded import Embedded
from config.reader import CASEWORK, DEMONSTRATION, ENVIRONMENT_NAMES, Reader, SettingsError

__all__ = ["CASEWORK", "DEMONSTRATION", "Settings", "SettingsError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the portal, the workers and the commands are told from outside.

    Paths are absolute. ``master_key`` is 32 bytes. Times carry their unit in the name. Secrets
    are left out of ``repr`` so that they reach no log.
    """

    mode: str
    data_dir: Path
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    master_key: bytes = field(repr=False)
    public_url: str

    ldap_url: str
    ldap_base_dn: str
    ldap_people_dn: str
    ldap_groups_dn: str
    ldap_bind_dn: str
    ldap_bind_password: str = field(repr=False)
    ldap_ca_file: Path | None = None
    ldap_timeout_seconds: int = 5
    ldap_login_attribute: str = "uid"
    ldap_people_filter: str = "(objectClass=person)"
    ldap_groups_filter: str = "(objectClass=groupOfNames)"
    ldap_member_attribute: str = "member"
    ldap_rank_attribute: str = "title"
    ldap_command_attribute: str = "departmentNumber"
    ldap_status_attribute: str = "userAccountControl"
    ldap_mail_attribute: str = "mail"

    smtp_url: str = field(default="", repr=False)
    smtp_sender: str = ""
    smtp_ca_file: Path | None = None

    models_dir: Path
    key_store_dir: Path
    blob_dir: Path
    case_files_dir: Path
    anchor_dir: Path
    log_dir: Path

    listen_host: str = "127.0.0.1"
    listen_port: int = 8000
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxy: int = 0

    department: str = "Police Department"
    time_zone: str = "America/New_York"
    extractor: str = "dlib-resnet-v1"
    matching_index: str = "exact"
    milvus_uri: str = field(default="", repr=False)
    lease_seconds: int = 15
    keep_jobs_days: int = 90
    session_idle_minutes: int = 30
    session_hours: int = 12
    export_hours: int = 24
    web_workers: int = 2
    web_threads: int = 4
    web_timeout_seconds: int = 60
    web_graceful_seconds: int = 30
    web_keepalive_seconds: int = 5
    job_workers: int = 1
    network_threads: int = 1

    @property
    def demonstration(self) -> bool:
        """True where embedded services and unevaluated algorithms are allowed, and nothing is casework."""
        return self.mode == DEMONSTRATION

    @property
    def embedded_database(self) -> bool:
        """True when the database is the SQLite file of a demonstration."""
        return self.database_url.startswith("sqlite")

    @property
    def secure_cookies(self) -> bool:
        """True when browsers reach the portal by TLS, so that cookies must never travel without it."""
        return self.public_url.startswith("https://")

    @property
    def socket_dir(self) -> Path:
        """Where process ids and sockets live; private to the portal's account."""
        return Embedded(self.data_dir).run_dir

    def ldap_config(self) -> dict[str, Any]:
        """Flask configuration for flask-ldap3-login.

        The server is left for the caller to add (``LDAP_ADD_SERVER`` is False): flask-ldap3-login's own
        way checks no certificate and waits without limit. Sign-in always searches first, because a DN
        built from what somebody typed is an injection.
        """
        return {
            "LDAP_ADD_SERVER": False,
            "LDAP_ALWAYS_SEARCH_BIND": True,
            "LDAP_FAIL_AUTH_ON_MULTIPLE_FOUND": True,
            "LDAP_BASE_DN": self.ldap_base_dn,
            "LDAP_USER_DN": _below(self.ldap_people_dn, self.ldap_base_dn),
            "LDAP_GROUP_DN": _below(self.ldap_groups_dn, self.ldap_base_dn),
            "LDAP_USER_SEARCH_SCOPE": "SUBTREE",
            "LDAP_GROUP_SEARCH_SCOPE": "SUBTREE",
            "LDAP_USER_LOGIN_ATTR": self.ldap_login_attribute,
            "LDAP_USER_OBJECT_FILTER": self.ldap_people_filter,
            "LDAP_GROUP_OBJECT_FILTER": self.ldap_groups_filter,
            "LDAP_GROUP_MEMBERS_ATTR": self.ldap_member_attribute,
            "LDAP_BIND_USER_DN": self.ldap_bind_dn,
            "LDAP_BIND_USER_PASSWORD": self.ldap_bind_password,
        }

    def environment(self) -> dict[str, str]:
        """The variables that give another process these very settings; holds the secrets."""
        values = {name: getattr(self, key) for key, name in ENVIRONMENT_NAMES.items()}
        values["CORROBORATE_MASTER_KEY"] = base64.b64encode(self.master_key).decode()
        return {name: str(value) for name, value in values.items() if value is not None}

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from an environment such as ``os.environ``.

        In demonstration mode the first call creates the data directory and its secrets; in casework
        mode nothing is written. Raises SettingsError naming every fault.
        """
        return cls(**Reader(environ).values())


def _below(name: str, base: str) -> str:
    """``name`` without the ``base`` it ends with, as flask-ldap3-login wants its search bases."""
    return name[: -len(base)].rstrip(", ") if base and name.lower().endswith(base.lower()) else name
