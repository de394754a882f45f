"""Settings: one frozen object, read from the environment once per process and checked as a whole.

``Settings.from_env(os.environ)`` either returns settings the portal can run with or raises
``SettingsError`` with one line per fault, all of them at once. Nothing is kept at module level: whoever
needs settings is handed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from config import checks
from config.declaring import below, declared, setting, written
from config.reader import CASEWORK, DEMONSTRATION, Reader, SettingsError

__all__ = ["CASEWORK", "DEMONSTRATION", "Settings", "SettingsError"]

Port = Annotated[int, Meta(ge=1, le=65535)]
MasterKey = Annotated[bytes, Meta(min_length=checks.MASTER_KEY_BYTES, max_length=checks.MASTER_KEY_BYTES)]

_OWN = f"the embedded one serves only CORROBORATE_MODE={DEMONSTRATION}"
_ROLES = "must be set: roles come from the directory's groups (ACC-8)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the portal, the workers and the commands are told from outside, declared here and nowhere else.

    The variable is the field's name in capitals where none is given. Paths are absolute. ``master_key`` is 32 bytes.
    Times carry their unit in the name. Secrets are left out of ``repr`` so that they reach no log.
    """

    mode: Literal["casework", "demonstration"] = setting(
        "`casework`, or `demonstration`: embedded servers and algorithms without an evaluation record, no casework",
        CASEWORK,
        variable="CORROBORATE_MODE",
    )
    data_dir: Path = setting(
        "what the portal keeps beside the database; in a demonstration, everything",
        variable="CORROBORATE_DATA_DIR",
        follows=lambda _: Path("var").absolute(),
        otherwise="`var` where it is started",
    )

    database_url: str = setting(
        "PostgreSQL, with `sslmode=require` or better, or a local socket",
        secret=True,
        required=f"must name a PostgreSQL database; {_OWN}",
        embedded=lambda own: own.database_url,
        tidy=checks.with_driver,
        casework=checks.encrypted_database,
    )
    redis_url: str = setting(
        "`rediss://…`, or a local socket; may be lost at any time: the truth about jobs is in the database",
        secret=True,
        required=f"must name a Redis server; {_OWN}",
        embedded=lambda own: own.redis_url,
        casework=checks.encrypted_queue,
    )

    directory_port: Annotated[int, Meta(ge=0, le=65535)] = setting(
        "the loopback port of a demonstration's directory; 0 chooses one on the first start", 0
    )
    ldap_url: str = setting(
        "Active Directory or OpenLDAP over `ldaps://`; roles come from its groups (`config/policy/roles.toml`)",
        required=f"must name the department's directory; {_OWN}",
        made=lambda own, read: f"ldap://127.0.0.1:{read['directory_port'] or own.directory_port()}",
        casework=checks.encrypted_directory,
    )
    ldap_base_dn: str = setting(
        "the entry below which everybody stands", required=_ROLES, embedded=lambda own: own.base_dn
    )
    ldap_people_dn: str = setting(
        "where people are searched for",
        follows=lambda read: f"ou=people,{read.get('ldap_base_dn', '')}",
        otherwise="`ou=people` below `LDAP_BASE_DN`",
    )
    ldap_groups_dn: str = setting(
        "where groups are searched for",
        follows=lambda read: f"ou=groups,{read.get('ldap_base_dn', '')}",
        otherwise="`ou=groups` below `LDAP_BASE_DN`",
    )
    ldap_bind_dn: str = setting(
        "the portal's own account in the directory", required=_ROLES, embedded=lambda own: own.bind_dn
    )
    ldap_bind_password: str = setting(
        "its password", secret=True, required=_ROLES, made=lambda own, _: own.secrets()["directory_password"]
    )
    ldap_ca_file: Path | None = setting(
        "the certificate that vouches for the directory, where the system's do not", None, check=checks.a_file
    )
    ldap_timeout_seconds: Annotated[int, Meta(ge=1, le=60)] = setting("how long the directory may take to answer", 5)
    ldap_login_attribute: str = setting("what people sign in with", "uid")
    ldap_people_filter: str = setting("which entries are people", "(objectClass=person)")
    ldap_groups_filter: str = setting("which entries are groups", "(objectClass=groupOfNames)")
    ldap_member_attribute: str = setting("where a group names its members", "member")
    ldap_rank_attribute: str = setting("where a person's rank stands", "title")
    ldap_command_attribute: str = setting("where a person's command stands", "departmentNumber")
    ldap_status_attribute: str = setting("where the directory says that an account is disabled", "userAccountControl")
    ldap_mail_attribute: str = setting("where a person's e-mail address stands", "mail")

    smtp_url: str = setting(
        "`smtp://…` (STARTTLS) or `smtps://…`: notifications by e-mail that identify nobody "
        "([workload](workload.md)); without it they stay in the portal",
        "",
        secret=True,
        check=checks.mail_server,
    )
    smtp_sender: str = setting("the address that mail comes from; must be set with `SMTP_URL`", "")
    smtp_ca_file: Path | None = setting(
        "the certificate that vouches for the mail server, where the system's do not", None, check=checks.a_file
    )

    models_dir: Path = below("models", "the installed face models")
    key_store_dir: Path = below("keys", "wrapped keys; back them up apart from the database and from `BLOB_DIR`")
    blob_dir: Path = below("blobs", "encrypted images")
    case_files_dir: Path = below("case-files", "the case files")
    case_lists_dir: Path | None = setting(
        "a folder of CSV files from the case management system, in which the number of a request is looked up "
        "([running](running.md#look-case-numbers-up)); without it none is",
        None,
        check=checks.a_folder,
    )
    case_files_group: str = setting(
        "the group of the machine that reads the case files besides the portal's own account",
        "",
        otherwise="the portal's own group",
        check=checks.a_group,
    )
    anchor_dir: Path = below("anchors", "signed heads of the audit chain; best on another machine's disk")
    log_dir: Path = below("log", "what the processes of a demonstration write")

    listen_host: str = setting("the address at which the web server listens", "127.0.0.1")
    listen_port: Port = setting("its port", 8000)
    public_url: str = setting(
        "the address people type; `https://` in casework",
        required=checks.HTTPS,
        follows=lambda read: f"http://{checks.in_brackets(read['listen_host'])}:{read['listen_port']}",
        otherwise="`http://LISTEN_HOST:LISTEN_PORT`",
        tidy=lambda given: given.rstrip("/"),
        check=checks.public_address,
        casework=checks.encrypted_portal,
    )
    tls_cert: Path | None = setting(
        "the portal's certificate; with `TLS_KEY`, where no proxy ends TLS", None, check=checks.a_file
    )
    tls_key: Path | None = setting("the key of `TLS_CERT`", None, check=checks.a_file)
    trusted_proxy: Annotated[int, Meta(ge=0, le=8)] = setting(
        "how many proxies before the portal are believed; one must not buffer answers (`X-Accel-Buffering`), or it "
        "takes a package for the browser",
        0,
        variable="TRUSTED_PROXY_HOPS",
    )
    web_workers: Annotated[int, Meta(ge=1, le=64)] = setting("processes of the web server", 2)
    web_threads: Annotated[int, Meta(ge=1, le=64)] = setting("threads of each", 4)
    web_timeout_seconds: Annotated[int, Meta(ge=10, le=600)] = setting(
        "after how long a process that answers nothing is replaced", 60
    )
    web_graceful_seconds: Annotated[int, Meta(ge=1, le=600)] = setting(
        "how long running requests are waited for when the web server stops", 30
    )
    web_keepalive_seconds: Annotated[int, Meta(ge=1, le=120)] = setting("how long an idle connection stays open", 5)

    secret_key: str = setting(
        "a long random text that signs sessions",
        secret=True,
        required="must be set: it signs sessions",
        made=lambda own, _: own.secrets()["secret_key"],
        casework=checks.a_secret,
    )
    master_key: MasterKey = setting(
        "32 random bytes in Base64 that lock the key store",
        secret=True,
        variable="CORROBORATE_MASTER_KEY",
        required="must be set: it locks the key store",
        made=lambda own, _: bytes.fromhex(own.secrets()["master_key"]),
        tidy=checks.standard_base64,
        must=checks.MASTER_KEY,
        check=checks.a_master_key,
    )

    master_key_before: MasterKey | None = setting(
        "the master key before `CORROBORATE_MASTER_KEY`, only while "
        "[`flask keys rewrap`](running.md#change-the-master-key) takes its place",
        None,
        secret=True,
        variable="CORROBORATE_MASTER_KEY_BEFORE",
        tidy=checks.standard_base64,
        must=checks.MASTER_KEY,
        check=checks.a_master_key,
    )

    pdf_signing_certificate: Path | None = setting(
        "the department's certificate for documents, then those that vouch for it; without it an authority of the "
        "installation signs, which calls itself a demonstration; checked at the start",
        None,
        check=checks.a_file,
    )
    pdf_signing_key: Path | None = setting(
        "the RSA key of `PDF_SIGNING_CERTIFICATE`, mode 0600; both or neither", None, check=checks.a_file
    )

    department: str = setting("the name on pages and documents", "Police Department", variable="DEPARTMENT_NAME")
    time_zone: str = setting("the zone whose days the rules count", "America/New_York", check=checks.a_zone)
    session_idle_minutes: Annotated[int, Meta(ge=1, le=240)] = setting(
        "after how long without a page somebody signs in anew", 30
    )
    session_hours: Annotated[int, Meta(ge=1, le=24)] = setting("after how long everybody signs in anew", 12)
    export_hours: Annotated[int, Meta(ge=1, le=168)] = setting(
        "how long the file of a long list is kept for whoever asked", 24
    )

    extractor: str = setting(
        "the face model of `config/models.toml` that a new portal begins with",
        "dlib-resnet-v1",
        variable="CORROBORATE_EXTRACTOR",
    )
    matching_index: Literal["exact", "faiss", "milvus"] = setting(
        "`exact`, `faiss` for millions of photographs on one machine, or [`milvus`](milvus.md)",
        "exact",
        variable="CORROBORATE_INDEX",
    )
    milvus_uri: str = setting(
        "the address of Milvus; must be set with `CORROBORATE_INDEX=milvus`",
        "",
        secret=True,
        variable="CORROBORATE_MILVUS_URI",
        casework=checks.encrypted_index,
    )
    job_workers: Annotated[int, Meta(ge=1, le=64)] = setting("workers that a demonstration starts", 1)
    network_threads: Annotated[int, Meta(ge=1, le=64)] = setting("threads of each network in a worker", 1)
    lease_seconds: Annotated[int, Meta(ge=2, le=600)] = setting(
        "after how long without a sign of its worker a job is given to another", 15
    )
    # from eight on: the pages tell of the last seven days
    keep_jobs_days: Annotated[int, Meta(ge=8, le=3650)] = setting(
        "after how many days the rows of finished jobs go", 90
    )

    @property
    def demonstration(self) -> bool:
        """True where embedded services and unevaluated algorithms are allowed, and nothing is casework."""
        return self.mode == DEMONSTRATION

    @property
    def secure_cookies(self) -> bool:
        """True when browsers reach the portal by TLS, so that cookies must never travel without it."""
        return self.public_url.startswith("https://")

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
        values = {one.variable: getattr(self, one.name) for one in declared(type(self))}
        return {name: written(value) for name, value in values.items() if value is not None}

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from an environment such as ``os.environ``.

        In demonstration mode the first call creates the data directory and its secrets; in casework
        mode nothing is written. Raises SettingsError naming every fault.
        """
        return cls(**Reader(cls, environ).values())


def _below(name: str, base: str) -> str:
    """``name`` without the ``base`` it ends with, as flask-ldap3-login wants its search bases."""
    return name[: -len(base)].rstrip(", ") if base and name.lower().endswith(base.lower()) else name
