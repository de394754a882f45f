"""Settings: every fault has its line, all faults come at once, and sound settings survive a round trip."""

from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.checks import is_loopback
from config.declaring import declared
from config.settings import Settings, SettingsError
from tests.certificates import self_signed

MASTER = base64.b64encode(bytes(range(32))).decode()

CASEWORK_ENVIRONMENT = {
    "DATABASE_URL": "postgresql://corroborate@db.example/corroborate?sslmode=verify-full",
    "REDIS_URL": "rediss://queue.example:6380/0",
    "LDAP_URL": "ldaps://directory.example",
    "LDAP_BASE_DN": "dc=police,dc=example",
    "LDAP_BIND_DN": "cn=portal,dc=police,dc=example",
    "LDAP_BIND_PASSWORD": "a-service-password",
    "SECRET_KEY": "k7Qm2vXw9Zr4Tn6Yb1Hs8Jd3Lf5Gp0Cx",
    "CORROBORATE_MASTER_KEY": MASTER,
    "PUBLIC_URL": "https://corroborate.example",
    "TRUSTED_PROXY_HOPS": "1",
}


#: What an environment can hold: anything but the byte that ends a variable.
TYPED = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def faults(**changes: str | None) -> list[str]:
    """The faults of a sound casework environment with these changes; None removes a variable."""
    environ = {k: v for k, v in (CASEWORK_ENVIRONMENT | changes).items() if v is not None}
    try:
        Settings.from_env(environ)
    except SettingsError as error:
        assert str(error).split("\n") == list(error.faults)
        return list(error.faults)
    return []


@pytest.fixture
def demonstration(tmp_path: Path) -> Callable[..., Settings]:
    def make(**changes: str) -> Settings:
        return Settings.from_env(
            {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(tmp_path), **changes}
        )

    return make


@pytest.mark.clause("ACC-10")
def test_sound_casework_environment_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env(CASEWORK_ENVIRONMENT)
    assert not settings.demonstration
    assert settings.database_url.startswith("postgresql+psycopg://corroborate@db.example/")
    assert settings.ldap_people_dn == "ou=people,dc=police,dc=example"
    assert settings.secure_cookies
    assert settings.lease_seconds == 15
    assert settings.master_key == bytes(range(32))
    assert list(tmp_path.iterdir()) == [], "casework settings write nothing"


def test_casework_is_the_default_and_refuses_everything_embedded_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({})
    named = [fault.split(":")[0] for fault in caught.value.faults]
    assert named == [
        "DATABASE_URL",
        "REDIS_URL",
        "LDAP_URL",
        "LDAP_BASE_DN",
        "LDAP_BIND_DN",
        "LDAP_BIND_PASSWORD",
        "PUBLIC_URL",
        "TLS_CERT",
        "SECRET_KEY",
        "CORROBORATE_MASTER_KEY",
    ]


@pytest.mark.clause("ACC-10")
@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("CORROBORATE_MODE", "production", "must be casework or demonstration, not 'production'"),
        ("DATABASE_URL", None, "must name a PostgreSQL database"),
        ("DATABASE_URL", "sqlite:///portal.sqlite", "must be a postgresql:// address"),
        ("DATABASE_URL", "postgresql://db.example/x", "must carry sslmode"),
        ("DATABASE_URL", "postgresql://db.example/x?sslmode=prefer", "must carry sslmode"),
        ("DATABASE_URL", "postgresql:///x?host=db.example", "must carry sslmode"),
        ("DATABASE_URL", "postgresql://127.0.0.1:5432/x?host=db.example", "must carry sslmode"),
        ("DATABASE_URL", "postgresql:///x?host=%2Frun%2Fpostgresql,db.example", "must carry sslmode"),
        ("DATABASE_URL", "postgresql:///x?hostaddr=192.0.2.7", "must carry sslmode"),
        ("DATABASE_URL", "postgresql://db.example/x?sslmode=require&sslmode=disable", "must carry sslmode"),
        ("DATABASE_URL", "postgresql://db.example:port/x", "is not an address that can be read"),
        ("REDIS_URL", None, "must name a Redis server"),
        ("REDIS_URL", "redis://queue.example:6379/0", "must start with rediss://"),
        ("REDIS_URL", "http://queue.example", "must start with rediss://, unix://"),
        ("REDIS_URL", "redis://[::1", "is not an address that can be read"),
        ("LDAP_URL", None, "must name the department's directory"),
        ("LDAP_URL", "ldap://directory.example", "must start with ldaps://"),
        ("LDAP_URL", "https://directory.example", "must look like ldaps://"),
        ("LDAP_URL", "ldaps://", "must look like ldaps://"),
        ("LDAP_BASE_DN", None, "must be set"),
        ("LDAP_BIND_DN", None, "must be set"),
        ("LDAP_BIND_PASSWORD", "   ", "must be set"),
        ("LDAP_PEOPLE_DN", "ou=people,dc=elsewhere", "must lie below LDAP_BASE_DN"),
        ("LDAP_GROUPS_DN", "ou=groups,dc=elsewhere", "must lie below LDAP_BASE_DN"),
        ("LDAP_CA_FILE", "/nowhere/ca.pem", "there is no file"),
        ("LDAP_TIMEOUT_SECONDS", "0", "must be a whole number from 1 to 60"),
        ("PUBLIC_URL", None, "must be the https:// address"),
        ("PUBLIC_URL", "http://corroborate.example", "must be the https:// address"),
        ("PUBLIC_URL", "https://", "must be the address people type"),
        ("SECRET_KEY", None, "must be set"),
        ("SECRET_KEY", "changeme", "must be at least 32 random characters"),
        ("SECRET_KEY", "a" * 40, "must be at least 32 random characters"),
        ("CORROBORATE_MASTER_KEY", None, "must be set"),
        ("CORROBORATE_MASTER_KEY", "not base64!", "must be 32 random bytes"),
        ("CORROBORATE_MASTER_KEY", base64.b64encode(bytes(range(31))).decode(), "must be 32 random bytes"),
        ("CORROBORATE_MASTER_KEY", base64.b64encode(bytes(32)).decode(), "must be 32 random bytes"),
        ("TRUSTED_PROXY_HOPS", "0", "set TLS_CERT and TLS_KEY, or TRUSTED_PROXY_HOPS"),
        ("TRUSTED_PROXY_HOPS", "many", "must be a whole number from 0 to 8"),
        ("TLS_CERT", "/nowhere/cert.pem", "there is no file"),
        ("LISTEN_PORT", "70000", "must be a whole number from 1 to 65535"),
        ("LEASE_SECONDS", "0", "must be a whole number from 2 to 600"),
        ("LEASE_SECONDS", "1", "must be a whole number from 2 to 600"),
        ("SESSION_IDLE_MINUTES", "1.5", "must be a whole number from 1 to 240"),
        ("SESSION_HOURS", "48", "must be a whole number from 1 to 24"),
        ("EXPORT_HOURS", "0", "must be a whole number from 1 to 168"),
        ("WEB_WORKERS", "0", "must be a whole number from 1 to 64"),
        ("WEB_THREADS", "0", "must be a whole number from 1 to 64"),
        ("WEB_TIMEOUT_SECONDS", "9", "must be a whole number from 10 to 600"),
        ("WEB_GRACEFUL_SECONDS", "0", "must be a whole number from 1 to 600"),
        ("WEB_KEEPALIVE_SECONDS", "soon", "must be a whole number from 1 to 120"),
        ("JOB_WORKERS", "0", "must be a whole number from 1 to 64"),
        ("NETWORK_THREADS", "0", "must be a whole number from 1 to 64"),
    ],
)
def test_each_fault_has_its_line(name: str, value: str | None, part: str) -> None:
    found = faults(**{name: value})
    assert any(part in line for line in found), found
    assert all("\n" not in line and ": " in line for line in found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql:///corroborate?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql:///corroborate"),
        ("DATABASE_URL", "postgres://u@localhost/corroborate"),
        ("DATABASE_URL", "postgresql+psycopg://u@[::1]/corroborate"),
        ("REDIS_URL", "unix:///run/redis.sock?db=0"),
        ("REDIS_URL", "redis://127.0.0.1:6379/0"),
        ("LDAP_URL", "ldap://127.0.0.1:389"),
        ("LDAP_PEOPLE_DN", "ou=Staff,DC=police,DC=example"),
    ],
)
def test_channels_that_never_leave_the_machine_need_no_tls(name: str, value: str) -> None:
    assert faults(**{name: value}) == []


def test_tls_certificate_and_key_replace_a_trusted_proxy_only_together(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    both = {"TLS_CERT": str(cert), "TLS_KEY": str(key), "TRUSTED_PROXY_HOPS": None}
    assert faults(**both) == []
    assert faults(**both | {"TLS_KEY": None}) == ["TLS_CERT: TLS_CERT and TLS_KEY belong together; set both or neither"]


def test_a_certificate_that_the_server_could_not_use_is_a_fault_at_once(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    _, another = self_signed(tmp_path / "another")
    empty, locked = tmp_path / "empty.pem", tmp_path / "locked.pem"
    empty.touch()
    opened = serialization.load_pem_private_key(key.read_bytes(), password=None)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    locked.write_bytes(opened.private_bytes(*form, serialization.BestAvailableEncryption(b"a passphrase")))
    for wrong in ((cert, another), (empty, empty), (key, cert), (cert, locked)):
        found = faults(TLS_CERT=str(wrong[0]), TLS_KEY=str(wrong[1]), TRUSTED_PROXY_HOPS=None)
        assert len(found) == 1 and found[0].startswith(f"TLS_CERT: the server cannot use {wrong[0]}"), found


def test_keys_and_blobs_never_share_a_directory() -> None:
    found = faults(KEY_STORE_DIR="/srv/x", BLOB_DIR="/srv/x/../x")
    assert found == ["KEY_STORE_DIR: must lie outside BLOB_DIR: keys kept beside what they lock erase nothing"]


@hypothesis_settings(deadline=None)
@given(st.dictionaries(st.sampled_from([one.variable for one in declared(Settings)]), TYPED, max_size=6))
def test_no_casework_environment_raises_anything_but_settings_errors(changes: dict[str, str]) -> None:
    if changes.get("CORROBORATE_MODE", "").strip() != "demonstration":
        faults(**changes)


def test_demonstration_fills_in_embedded_services_and_keeps_its_secrets(
    demonstration: Callable[..., Settings], tmp_path: Path
) -> None:
    first, second = demonstration(), demonstration()
    assert first == second, "a second start reads the same secrets and ports"
    assert first.demonstration
    assert first.database_url == f"sqlite:///{tmp_path}/corroborate.sqlite"
    assert first.redis_url == f"unix://{tmp_path}/run/redis.sock?db=0"
    assert first.ldap_url.startswith("ldap://127.0.0.1:")
    assert len(first.master_key) == 32
    assert len(first.secret_key) >= 32
    kept = tmp_path / "demonstration-secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert first.secret_key in kept.read_text()


def test_two_demonstrations_share_no_secret(tmp_path: Path) -> None:
    one, other = (
        Settings.from_env({"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(tmp_path / name)})
        for name in "ab"
    )
    assert one.secret_key != other.secret_key
    assert one.master_key != other.master_key
    assert one.ldap_bind_password != other.ldap_bind_password


def test_long_data_directory_gets_a_socket_path_that_fits(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    settings = Settings.from_env({"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(deep)})
    assert len(settings.redis_url.removeprefix("unix://").split("?")[0]) <= 107


def test_demonstration_reports_faults_before_it_writes(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LEASE_SECONDS"):
        Settings.from_env(
            {
                "CORROBORATE_MODE": "demonstration",
                "CORROBORATE_DATA_DIR": str(tmp_path / "x"),
                "LEASE_SECONDS": "no",
            }
        )
    assert not (tmp_path / "x").exists()


def test_another_process_is_given_the_very_same_settings(demonstration: Callable[..., Settings]) -> None:
    settings = replace(demonstration(), listen_port=8123, department="Harbor Police", lease_seconds=7)
    assert Settings.from_env(settings.environment()) == settings


def test_every_field_can_be_handed_to_another_process() -> None:
    every = declared(Settings)
    assert [one.name for one in every] == [field.name for field in fields(Settings)]
    assert len({one.variable for one in every}) == len(every), "no two settings are read from one variable"


def test_settings_are_frozen_and_print_no_secret(demonstration: Callable[..., Settings]) -> None:
    settings = demonstration(DATABASE_URL="postgresql://u:pw-of-db@localhost/x")
    with pytest.raises(FrozenInstanceError):
        settings.lease_seconds = 3  # type: ignore[misc]
    shown = repr(settings)
    for secret in (settings.secret_key, settings.ldap_bind_password, repr(settings.master_key), "pw-of-db"):
        assert secret not in shown


def test_directory_configuration_is_relative_to_the_base() -> None:
    config = Settings.from_env(CASEWORK_ENVIRONMENT | {"LDAP_PEOPLE_DN": "dc=police,dc=example"}).ldap_config()
    assert config["LDAP_USER_DN"] == ""
    assert config["LDAP_GROUP_DN"] == "ou=groups"
    assert config["LDAP_ALWAYS_SEARCH_BIND"] is True
    assert config["LDAP_ADD_SERVER"] is False


def test_a_number_that_cannot_be_read_is_one_fault_and_no_other() -> None:
    assert faults(TRUSTED_PROXY_HOPS="many") == ["TRUSTED_PROXY_HOPS: must be a whole number from 0 to 8, not 'many'"]


def test_the_master_key_may_come_in_either_alphabet_and_is_never_repeated() -> None:
    key = bytes([251, 255, 254, *range(29)])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        environ = CASEWORK_ENVIRONMENT | {"CORROBORATE_MASTER_KEY": encode(key).decode()}
        assert Settings.from_env(environ).master_key == key
    assert faults(CORROBORATE_MASTER_KEY="short-and-secret") == [
        "CORROBORATE_MASTER_KEY: must be 32 random bytes in Base64, 44 characters"
    ]


def test_the_portal_is_found_where_it_listens(demonstration: Callable[..., Settings]) -> None:
    assert demonstration(LISTEN_HOST="::1").public_url == "http://[::1]:8000"
    assert demonstration(LISTEN_HOST="10.0.0.7", LISTEN_PORT="8080").public_url == "http://10.0.0.7:8080"


def test_a_demonstration_keeps_its_directory_at_the_port_it_is_told(demonstration: Callable[..., Settings]) -> None:
    assert demonstration(DIRECTORY_PORT="3890").ldap_url == "ldap://127.0.0.1:3890"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine_only(host: str | None, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("index", "uri", "fault"),
    [
        ("exact", None, None),
        ("faiss", None, None),
        ("hnsw", None, "CORROBORATE_INDEX: must be one of exact, faiss, milvus, not 'hnsw'"),
        ("milvus", None, "CORROBORATE_MILVUS_URI: must name a Milvus server"),
        ("milvus", "https://portal:word@milvus.example:19530", None),
        ("milvus", "http://127.0.0.1:19530", None),
        ("milvus", "http://milvus.example:19530", "CORROBORATE_MILVUS_URI: must start with https://"),
        ("milvus", "/srv/gallery.db", "CORROBORATE_MILVUS_URI: must be the https:// address"),
    ],
)
@pytest.mark.clause("ACC-10")
def test_the_index_and_its_server(index: str, uri: str | None, fault: str | None) -> None:
    found = faults(CORROBORATE_INDEX=index, CORROBORATE_MILVUS_URI=uri)
    assert [line[: len(fault)] for line in found] == [fault] if fault else not found


def test_a_demonstration_may_keep_milvus_in_a_file(demonstration: Callable[..., Settings]) -> None:
    chosen = demonstration(CORROBORATE_INDEX="milvus", CORROBORATE_MILVUS_URI="gallery.db")
    assert (chosen.matching_index, chosen.milvus_uri) == ("milvus", "gallery.db")
    assert "milvus" not in demonstration().milvus_uri and demonstration().matching_index == "exact"
