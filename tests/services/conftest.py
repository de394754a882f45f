"""Real PostgreSQL, Redis and OpenLDAP for the tests in this folder, on sockets and loopback, gone afterwards.

A server whose program is missing skips its tests with the reason; where CORROBORATE_REQUIRE_SERVICES=1
(`make test-services`) it fails them instead.

* ``postgresql``: a running cluster; ``postgresql_url``: the address of a fresh database, dropped afterwards.
* ``redis_url``: the address of an empty Redis.
* ``slapd``: OpenLDAP holding the people and groups of the demonstration, reachable as ``url`` (ldap://) and
  ``tls_url`` (ldaps:// with the certificate in ``ca_file``).
* ``ldap_environment``: the variables that point Settings to ``slapd``.
"""

from __future__ import annotations

import base64
import glob
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql

from demo.accounts import load_accounts
from demo.directory import person_attributes, ssha
from demo.processes import Service, running

REQUIRED = os.environ.get("CORROBORATE_REQUIRE_SERVICES") == "1"
SECONDS = 60
BASE = "dc=example,dc=test"
SERVICE_DN = f"cn=corroborate,ou=services,{BASE}"
SERVICE_PASSWORD = "services-tests-only"
# whoever administers the directory; the portal never binds with it
ADMIN_DN = f"cn=administrator,{BASE}"
ADMIN_PASSWORD = "services-tests-administrator"

SLAPD_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
# The one attribute of Active Directory that the portal reads; bit 2 says that the account is disabled.
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.11.99.1 NAME 'controlledAccount' SUP top AUXILIARY MAY userAccountControl )
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
maxsize 67108864
suffix "{base}"
rootdn "{admin}"
rootpw {admin_password}
directory {folder}/data
# A disabled account cannot bind, as in Active Directory.
access to dn.subtree="ou=people,{base}"
    filter="(userAccountControl:1.2.840.113556.1.4.803:=2)" attrs=userPassword
    by * none
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server reached by its socket directory."""

    socket_dir: Path

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://corroborate@/{database}?host={self.socket_dir}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new empty database, dropped at the end whoever is still connected."""
        name = f"test_{uuid4().hex[:12]}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composable) -> None:
        with psycopg.connect(
            host=str(self.socket_dir),
            user="corroborate",
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        ) as connection:
            connection.execute(statement)


@dataclass(frozen=True, slots=True)
class Directory:
    """A running OpenLDAP."""

    url: str
    tls_url: str
    ca_file: Path


def program(name: str, *places: str) -> str:
    """The path of a server program; skips, or fails where services are required."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    for place in places:
        found = found or next(iter(sorted(glob.glob(place), reverse=True)), None)
    if found is None:
        reason = f"{name} is not installed (make test-services installs it)"
        if REQUIRED:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A short path that the servers' own accounts may enter; pytest's are neither."""
    path = Path(tempfile.mkdtemp(prefix="corroborate-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def run(command: list[str]) -> None:
    """Runs a preparing command; its output becomes the failure message."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd="/")
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def serve(name: str, command: list[str], folder: Path, ready: Callable[[int], bool]) -> object:
    """A server as a context manager, ended with the tests whatever happens to them."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return running(Service(name, command, environment, folder, ready, SECONDS), folder, folder / "log")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True


@pytest.fixture(scope="session")
def postgresql(folder: Path) -> Iterator[Cluster]:
    initdb = program("initdb", "/usr/lib/postgresql/*/bin/initdb")
    server = program("postgres", "/usr/lib/postgresql/*/bin/postgres")
    home = folder / "postgresql"
    home.mkdir(mode=0o700)
    # PostgreSQL refuses to run as root; setpriv gives the account back and keeps the death signal.
    user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(home, "postgres", "postgres")
        user = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--pdeathsig",
            "TERM",
            "--",
        ]
    data = str(home / "data")
    run(
        [*user, initdb, "-D", data, "-U", "corroborate", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
    )
    cluster = Cluster(home)

    def ready(_pid: int) -> bool:
        try:
            cluster.execute(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    options = {
        "fsync": "off",
        "listen_addresses": "",
        "unix_socket_directories": str(home),
        "max_connections": "60",
    }
    command = [
        *user,
        server,
        "-D",
        data,
        *(part for item in options.items() for part in ("-c", "=".join(item))),
    ]
    with serve("postgresql", command, folder, ready):
        yield cluster


@pytest.fixture
def postgresql_url(postgresql: Cluster) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="session")
def _redis_server(folder: Path) -> Iterator[str]:
    # The machine's own Redis, not the one set-up put into the virtual environment.
    server = program("redis-server") if shutil.which("redis-server") is None else _machine_redis()
    path = folder / "redis.sock"
    command = [server, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]

    def ready(_pid: int) -> bool:
        try:
            return bool(redis.Redis(unix_socket_path=str(path)).ping())
        except redis.RedisError:
            return False

    with serve("redis", command, folder, ready):
        yield f"unix://{path}?db=0"


def _machine_redis() -> str:
    outside = [part for part in os.environ["PATH"].split(":") if ".venv" not in part]
    return shutil.which("redis-server", path=":".join(outside)) or program("redis-server")


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    redis.Redis.from_url(_redis_server).flushall()
    return _redis_server


def certificate(folder: Path) -> None:
    """A certificate for 127.0.0.1 and its key, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def ldif() -> str:
    """The people and groups of the demonstration, as slapadd reads them."""
    accounts = load_accounts()
    entries: list[tuple[str, dict[str, list[str]]]] = [(BASE, {"objectClass": ["domain"], "dc": ["example"]})]
    for unit in ("people", "groups", "services"):
        entries.append((f"ou={unit},{BASE}", {"objectClass": ["organizationalUnit"], "ou": [unit]}))
    service = {"objectClass": ["applicationProcess", "simpleSecurityObject"], "cn": ["corroborate"]}
    entries.append((SERVICE_DN, service | {"userPassword": [ssha(SERVICE_PASSWORD).decode()]}))
    for person in accounts.people.values():
        attributes = person_attributes(person)
        attributes["objectClass"] = ["inetOrgPerson", "controlledAccount"]
        attributes["userPassword"] = [ssha(accounts.password).decode()]
        entries.append((f"uid={person.uid},ou=people,{BASE}", attributes))
    for group in accounts.groups:
        members = [f"uid={person.uid},ou=people,{BASE}" for person in accounts.members(group)]
        attributes = {"objectClass": ["groupOfNames"], "cn": [group], "member": members}
        entries.append((f"cn={group},ou=groups,{BASE}", attributes))
    blocks = []
    for dn, attributes in entries:
        lines = [f"dn: {dn}"]
        for name, values in attributes.items():
            lines += [f"{name}:: {base64.b64encode(value.encode()).decode()}" for value in values]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


@pytest.fixture(scope="session")
def slapd(folder: Path) -> Iterator[Directory]:
    server, adder = program("slapd"), program("slapadd")
    home = folder / "slapd"
    (home / "data").mkdir(parents=True)
    certificate(home)
    configuration = home / "slapd.conf"
    filled = SLAPD_CONFIGURATION.format(folder=home, base=BASE, admin=ADMIN_DN, admin_password=ADMIN_PASSWORD)
    configuration.write_text(filled)
    (home / "people.ldif").write_text(ldif())
    run([adder, "-f", str(configuration), "-l", str(home / "people.ldif")])
    port, tls_port = free_port(), free_port()
    directory = Directory(f"ldap://127.0.0.1:{port}", f"ldaps://127.0.0.1:{tls_port}", home / "server.pem")
    # A debug level keeps slapd in the foreground, where the supervisor can end it.
    command = [server, "-f", str(configuration), "-h", f"{directory.url} {directory.tls_url}", "-d", "0"]
    with serve("slapd", command, folder, lambda _: answers(port) and answers(tls_port)):
        yield directory


@pytest.fixture
def ldap_environment(slapd: Directory) -> dict[str, str]:
    return {
        "LDAP_URL": slapd.tls_url,
        "LDAP_CA_FILE": str(slapd.ca_file),
        "LDAP_BASE_DN": BASE,
        "LDAP_BIND_DN": SERVICE_DN,
        "LDAP_BIND_PASSWORD": SERVICE_PASSWORD,
    }
