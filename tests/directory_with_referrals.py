"""A directory that answers from its root as an Active Directory does, with referrals among the entries.

The demonstration's own directory otherwise, started with the same arguments:
`python -m tests.directory_with_referrals --port N …`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException
from ldaptor.protocols import pureldap

from config.embedded import Embedded
from config.settings import Settings
from demo import directory
from demo.processes import Service, running

ROOT = Path(__file__).resolve().parents[1]


class Protocol(directory.Protocol):
    """Names another server before the first entry and one after the last, wherever the root is searched through."""

    def handle_LDAPSearchRequest(self, request: Any, controls: Any, reply: Any) -> Any:
        base = self.factory.tree.names.base_dn.encode()
        if request.baseObject.lower() != base or request.scope != pureldap.LDAP_SCOPE_wholeSubtree:
            return super().handle_LDAPSearchRequest(request, controls, reply)

        def name(zone: bytes) -> None:
            uri = pureldap.LDAPString(b"ldap://%s.example.test/DC=%s,%s" % (zone, zone, base))
            reply(pureldap.LDAPSearchResultReference(uris=[uri]))

        def finish(done: Any) -> Any:
            name(b"DomainDnsZones")
            return done

        name(b"ForestDnsZones")
        return super().handle_LDAPSearchRequest(request, controls, reply).addCallback(finish)


@contextmanager
def start_forest(settings: Settings, accounts: Path) -> Iterator[None]:
    """The directory at `settings.ldap_url`, with the people of `accounts`, for the length of the block."""
    port = settings.ldap_url.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.directory_with_referrals", "--port", port, "--accounts", str(accounts)]
    command += ["--state", str(settings.data_dir / "forest-state.toml")]
    environment = {**os.environ, "LDAP_BIND_PASSWORD": settings.ldap_bind_password}

    def ready(_pid: int) -> bool:
        server = ldap3.Server(settings.ldap_url, get_info=ldap3.NONE, connect_timeout=2)
        try:
            connection = ldap3.Connection(server, settings.ldap_bind_dn, settings.ldap_bind_password, receive_timeout=2)
            return bool(connection.bind())
        except LDAPException:
            return False

    run_dir = Embedded(settings.data_dir).make_run_dir()
    with running(Service("forest", command, environment, ROOT, ready), run_dir, settings.log_dir):
        yield


if __name__ == "__main__":
    directory.Factory.protocol = Protocol
    sys.exit(directory.main(sys.argv[1:], os.environ))
