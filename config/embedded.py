"""What a demonstration runs on where nothing else is configured: files, sockets, a port and random secrets.

All of it lives below the data directory: one directory is one demonstration, and deleting it leaves
nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: ``sun_path`` holds 108 bytes with its terminator on Linux (unix(7)); the name must fit.
SOCKET_PATH_BYTES = 100

#: Below Linux's ephemeral ports, so that no outgoing connection can take the chosen one.
PORTS = range(20000, 30000)


@dataclass(frozen=True, slots=True)
class Embedded:
    """Names and secrets of one demonstration below ``data_dir``."""

    data_dir: Path
    base_dn: str = "dc=example,dc=test"
    bind_dn: str = "cn=corroborate,ou=services,dc=example,dc=test"

    @property
    def run_dir(self) -> Path:
        """Sockets and process ids: ``data_dir/run``, or a private directory where that name is too long."""
        usual = self.data_dir / "run"
        if len(os.fsencode(usual / "redis.sock")) <= SOCKET_PATH_BYTES:
            return usual
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"corroborate-{os.getuid()}-{digest}"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.data_dir / 'corroborate.sqlite'}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.run_dir / 'redis.sock'}?db=0"

    def make_run_dir(self) -> Path:
        """Creates the run directory for this account alone.

        Raises PermissionError when another account owns it.
        """
        self.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.run_dir.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.run_dir} belongs to another account")
        self.run_dir.chmod(0o700)
        return self.run_dir

    def secrets(self) -> dict[str, str]:
        """The random secrets of this demonstration, made on first use and kept with mode 0600."""
        kept: dict[str, str] = json.loads(
            self._once(
                self.data_dir / "demonstration-secrets.json",
                lambda: json.dumps(
                    {
                        "secret_key": secrets.token_hex(32),
                        "master_key": secrets.token_hex(32),
                        "directory_password": secrets.token_urlsafe(24),
                    }
                ),
            )
        )
        return kept

    def directory_port(self) -> int:
        """The loopback port of this demonstration's directory, chosen on first use."""
        return int(self._once(self.data_dir / "directory-port", lambda: str(_free_port())))

    def _once(self, path: Path, make: Callable[[], str]) -> str:
        """The file's text, written by whoever comes first; processes starting together read the same."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(make())
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text("utf-8")


def _free_port() -> int:
    """A loopback TCP port nobody listens on. Raises OSError when a hundred tries found none."""
    for _ in range(100):
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free loopback port was found")
