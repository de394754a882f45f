"""The embedded services of a demonstration: Redis, the directory, workers, the scheduler and the portal.

Each ``start_...`` is a context manager that yields the running child once it serves (or, without ``wait``, while
it still starts) and stops it at the end; ``start_all`` runs the whole demonstration. Nothing here serves casework.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import ldap3
import redis
import rq
from ldap3.core.exceptions import LDAPException

from config.embedded import Embedded
from config.settings import Settings
from demo.accounts import ACCOUNTS_FILE
from demo.processes import Child, Service, ServiceError, running

ROOT = Path(__file__).resolve().parents[1]

#: Long enough for a slow machine to import OpenCV and load the networks.
WORKER_SECONDS = 120.0
PORTAL_SECONDS = 60.0

#: A scheduler has no door to knock at; one that fails does so while it starts.
SCHEDULER_SECONDS = 3.0

PORTS_TRIED = 50


@dataclass(frozen=True, slots=True)
class Running:
    """A running demonstration; its ``settings`` carry the ports that were free, not the ones asked for."""

    settings: Settings
    children: tuple[Child, ...]

    def check(self) -> None:
        """Raises ServiceError naming the first service that has died."""
        for child in self.children:
            if not child.alive():
                raise ServiceError(f"{child.name} has died: {child.last_line()} (see {child.log})")


def directory_state(settings: Settings) -> Path:
    """The file through which ``accounts.change_account`` changes people of the running directory."""
    return settings.data_dir / "directory-state.json"


@contextmanager
def start_redis(settings: Settings) -> Iterator[Child]:
    """A Redis on a socket in the data directory, without persistence: the jobs' truth is in the database.

    Raises ServiceError when it cannot be started.
    """
    run_dir = Embedded(settings.data_dir).make_run_dir()
    path = run_dir / "redis.sock"
    command = [
        redis_server(),
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"),
        *("--dir", str(run_dir), "--daemonize", "no"),
    ]

    def ready(_pid: int) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(path), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    with _running(settings, "redis", command, ready, 15.0) as child:
        yield child


def redis_server() -> str:
    """The Redis that set-up put into the virtual environment, or else the machine's own.

    Raises ServiceError when there is neither.
    """
    found = shutil.which("redis-server", path=str(Path(sys.prefix) / "bin")) or shutil.which("redis-server")
    if found is None:
        raise ServiceError("redis-server was not found; run `make demo`, or install the package redis-server")
    return found


@contextmanager
def start_directory(settings: Settings, accounts: Path = ACCOUNTS_FILE, *, wait: bool = True) -> Iterator[Child]:
    """The directory on the loopback port of ``settings.ldap_url``, with the people of ``accounts``.

    Raises ServiceError when it cannot be started, for example because the port is taken.
    """
    Embedded(settings.data_dir).make_run_dir()
    port = urlsplit(settings.ldap_url).port
    command = [sys.executable, "-m", "demo.directory", "--port", str(port)]
    command += ["--accounts", str(accounts), "--state", str(directory_state(settings))]

    def ready(_pid: int) -> bool:
        server = ldap3.Server(settings.ldap_url, get_info=ldap3.NONE, connect_timeout=2)
        connection = ldap3.Connection(server, settings.ldap_bind_dn, settings.ldap_bind_password, receive_timeout=2)
        try:
            return bool(connection.bind())
        except LDAPException:
            return False
        finally:
            connection.unbind()

    with _running(settings, "directory", command, ready, wait=wait) as child:
        yield child


@contextmanager
def start_worker(settings: Settings, number: int = 1, *, wait: bool = True) -> Iterator[Child]:
    """A worker process; ready once it has registered with the queue. Raises ServiceError when it fails."""

    def ready(pid: int) -> bool:
        try:
            with redis.Redis.from_url(settings.redis_url, socket_timeout=2) as client:
                return any(worker.pid == pid for worker in rq.Worker.all(connection=client))
        except redis.RedisError:
            return False

    command = [sys.executable, str(ROOT / "worker.py")]
    with _running(settings, f"worker-{number}", command, ready, WORKER_SECONDS, wait=wait) as child:
        yield child


@contextmanager
def start_scheduler(settings: Settings, *, wait: bool = True) -> Iterator[Child]:
    """The one process that runs periodic work. Raises ServiceError when it fails while starting."""
    begun = time.monotonic()

    def ready(_pid: int) -> bool:
        return time.monotonic() - begun > SCHEDULER_SECONDS

    command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "scheduler"]
    with _running(settings, "scheduler", command, ready, wait=wait) as child:
        yield child


@contextmanager
def start_portal(settings: Settings, *, wait: bool = True) -> Iterator[Child]:
    """The web server; ready once it answers. Raises ServiceError when the port is taken or it fails."""
    if not port_is_free(settings.listen_host, settings.listen_port):
        raise ServiceError(f"port {settings.listen_port} is taken by another program; set LISTEN_PORT")
    scheme = "https" if settings.tls_cert else "http"
    address = f"{scheme}://{settings.listen_host}:{settings.listen_port}/"
    # whether it answers is asked, not who it is: the certificate names the address that people type
    any_certificate = ssl._create_unverified_context()  # noqa: S323

    def ready(_pid: int) -> bool:
        try:
            with urllib.request.urlopen(address, timeout=5, context=any_certificate):  # noqa: S310 - the scheme is ours
                return True
        except urllib.error.HTTPError as error:
            return error.code < 500

    with _running(settings, "portal", portal_command(), ready, PORTAL_SECONDS, wait=wait) as child:
        yield child


def portal_command() -> list[str]:
    """The portal's web server as a department runs it; its environment holds the settings."""
    return [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "config" / "gunicorn.conf.py"), "wsgi:app"]


@contextmanager
def start_all(settings: Settings) -> Iterator[Running]:
    """The whole demonstration, in the order in which the parts need each other, ended in reverse.

    Embedded services are started only where the settings point to them. The database must be
    migrated already.
    SIGTERM ends the block as Ctrl-C does. Raises ServiceError when a part cannot be started.
    """
    embedded = Embedded(settings.data_dir)
    with ExitStack() as stack:
        stack.enter_context(_terminate_as_exit())
        children: list[Child] = []
        if settings.redis_url == embedded.redis_url:
            children.append(stack.enter_context(start_redis(settings)))
        if is_embedded_directory(settings):
            children.append(stack.enter_context(start_directory(settings, wait=False)))
        settings = on_free_port(settings)
        for number in range(1, settings.job_workers + 1):
            children.append(stack.enter_context(start_worker(settings, number, wait=False)))
        children.append(stack.enter_context(start_scheduler(settings, wait=False)))
        children.append(stack.enter_context(start_portal(settings, wait=False)))
        # Together, because most of the time goes into imports.
        for child in children:
            child.wait_ready()
        yield Running(settings, tuple(children))


def is_embedded_directory(settings: Settings) -> bool:
    """True when the settings point to the demonstration's own directory."""
    parts = urlsplit(settings.ldap_url)
    return (
        settings.demonstration
        and parts.hostname == "127.0.0.1"
        and settings.ldap_bind_dn == Embedded(settings.data_dir).bind_dn
    )


def on_free_port(settings: Settings) -> Settings:
    """The settings, moved to the next free port where another program has the portal's.

    Raises ServiceError when none of the next ports is free.
    """
    for port in range(settings.listen_port, min(settings.listen_port + PORTS_TRIED, 65536)):
        if port_is_free(settings.listen_host, port):
            address = settings.public_url.replace(f":{settings.listen_port}", f":{port}")
            return replace(settings, listen_port=port, public_url=address)
    raise ServiceError(f"no port from {settings.listen_port} on is free; set LISTEN_PORT")


def port_is_free(host: str, port: int) -> bool:
    """True when a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@contextmanager
def _running(
    settings: Settings,
    name: str,
    command: list[str],
    ready: Callable[[int], bool],
    seconds: float = 30.0,
    wait: bool = True,
) -> Iterator[Child]:
    threads = {
        name: str(settings.network_threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    }
    environment = {**os.environ, **settings.environment(), **threads, "PYTHONUNBUFFERED": "1"}
    service = Service(name, command, environment, ROOT, ready, seconds)
    run_dir = Embedded(settings.data_dir).make_run_dir()
    with running(service, run_dir, settings.log_dir, wait=wait) as child:
        yield child


@contextmanager
def _terminate_as_exit() -> Iterator[None]:
    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
