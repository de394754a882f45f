"""An LDAP directory on loopback for the demonstration and the tests.

    LDAP_BIND_PASSWORD=... python -m demo.directory --port N --accounts FILE --state FILE

It speaks enough of LDAPv3 (RFC 4511) for flask-ldap3-login: simple bind, search, unbind, abandon. Below
``dc=example,dc=test``: ``ou=people`` (inetOrgPerson with uid, cn, sn, givenName, title = rank,
departmentNumber = command, mail and userAccountControl), ``ou=groups`` (groupOfNames with ``member``) and
``ou=services`` with the account the portal searches as. As in Active Directory, bit 2 of
``userAccountControl`` means disabled, and a disabled account cannot bind. It is read-only; searching needs a
bind; passwords are kept as salted SHA-1 (SSHA) outside the attributes, so that no search can return them.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ldaptor import interfaces
from ldaptor.entry import sshaDigest
from ldaptor.inmemory import ReadOnlyInMemoryLDAPEntry
from ldaptor.protocols import pureldap
from ldaptor.protocols.ldap import ldaperrors
from ldaptor.protocols.ldap.ldapserver import LDAPServer
from twisted.internet import reactor as installed_reactor
from twisted.internet.error import CannotListenError
from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.protocol import ServerFactory
from twisted.protocols.policies import TimeoutMixin
from twisted.python import components, log

from config.embedded import Embedded
from demo.accounts import ACCOUNTS_FILE, Accounts, AccountsError, Person, load_accounts

IDLE_SECONDS = 120
MESSAGE_BYTES = 64 * 1024
SALT_BYTES = 8


class DemoEntry(ReadOnlyInMemoryLDAPEntry):
    """An entry whose password digest is not an attribute. Without a digest nobody can bind as it."""

    password_digest: bytes | None = None

    def _bind(self, password: bytes) -> DemoEntry:
        digest = self.password_digest
        if digest is None or not password:
            raise ldaperrors.LDAPInvalidCredentials()
        if not hmac.compare_digest(sshaDigest(password, _salt(digest)), digest):
            raise ldaperrors.LDAPInvalidCredentials()
        return self


def _salt(digest: bytes) -> bytes:
    """The salt inside an SSHA digest: what follows the 20 bytes of SHA-1."""
    return base64.b64decode(digest.removeprefix(b"{SSHA}"))[20:]


def ssha(password: str) -> bytes:
    """``password`` as ``{SSHA}...`` under a fresh random salt."""
    return sshaDigest(password.encode(), os.urandom(SALT_BYTES))


def build_tree(accounts: Accounts, service_password: str, names: Embedded) -> DemoEntry:
    """The whole directory in memory."""
    root = DemoEntry(names.base_dn, {"objectClass": ["top", "domain"], "dc": ["example"]})
    branches = {
        name: root.addChild(f"ou={name}", {"objectClass": ["top", "organizationalUnit"], "ou": [name]})
        for name in ("people", "groups", "services")
    }
    service = branches["services"].addChild(
        "cn=corroborate", {"objectClass": ["top", "applicationProcess"], "cn": ["corroborate"]}
    )
    service.password_digest = ssha(service_password)
    people = {}
    for person in accounts.people.values():
        entry = branches["people"].addChild(f"uid={person.uid}", person_attributes(person))
        entry.password_digest = None if person.disabled else ssha(accounts.password)
        people[person.uid] = entry.dn.getText()
    for group, description in accounts.groups.items():
        members = [people[person.uid] for person in accounts.members(group)]
        attributes = {"objectClass": ["top", "groupOfNames"], "cn": [group], "description": [description]}
        branches["groups"].addChild(f"cn={group}", attributes | ({"member": members} if members else {}))
    return root


def person_attributes(person: Person) -> dict[str, list[str]]:
    """The attributes a directory holds about a person; tests load real directories with them too."""
    return {
        "objectClass": ["top", "person", "organizationalPerson", "inetOrgPerson"],
        "uid": [person.uid],
        "cn": [person.full_name],
        "sn": [person.surname],
        "givenName": [person.given_name],
        "title": [person.rank],
        "departmentNumber": [person.command],
        "mail": [person.mail],
        "userAccountControl": [str(person.account_control)],
    }


class Tree:
    """Serves the current tree and rebuilds it when a file has changed; an unreadable file changes nothing."""

    def __init__(self, accounts: Path, state: Path, service_password: str) -> None:
        self.files = (accounts, state)
        self.service_password = service_password
        self.names = Embedded(state.parent)
        self.marks = self._marks()
        self.root = self._build()

    def current(self) -> DemoEntry:
        marks = self._marks()
        if marks != self.marks:
            self.marks = marks
            try:
                self.root = self._build()
            except AccountsError as error:
                log.msg(f"keeping the accounts as they were: {error}")
        return self.root

    def _build(self) -> DemoEntry:
        return build_tree(load_accounts(*self.files), self.service_password, self.names)

    def _marks(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_mark(path) for path in self.files)


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever the file is replaced or written; None where it does not exist."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


class Protocol(LDAPServer, TimeoutMixin):
    """One connection: read-only, silent clients are dropped, and so are oversized messages."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self.setTimeout(IDLE_SECONDS)

    def connectionLost(self, reason: Any = None) -> None:
        self.setTimeout(None)
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:
        self.resetTimeout()
        if len(self.buffer) + len(data) > MESSAGE_BYTES:
            self.transport.abortConnection()
            return
        super().dataReceived(data)

    def handle_LDAPAbandonRequest(self, request: Any, controls: Any, reply: Any) -> None:
        """RFC 4511 section 4.11: an abandon has no response; searches here are over before one can arrive."""

    def handle_LDAPBindRequest(self, request: Any, controls: Any, reply: Any) -> Any:
        # RFC 4511 section 4.2.1: a bind, also a failing one, first makes the connection anonymous.
        self.boundUser = None
        if request.sasl:
            raise ldaperrors.LDAPAuthMethodNotSupported()
        if request.dn and not request.auth:
            raise ldaperrors.LDAPUnwillingToPerform("a password is needed")
        return super().handle_LDAPBindRequest(request, controls, reply)

    def handle_LDAPSearchRequest(self, request: Any, controls: Any, reply: Any) -> Any:
        if request.baseObject == b"" and request.scope == pureldap.LDAP_SCOPE_baseObject:
            return self.getRootDSE(request, reply)
        if self.boundUser is None:
            raise ldaperrors.LDAPInsufficientAccessRights("bind before searching")
        return super().handle_LDAPSearchRequest(request, controls, reply)

    def handle_LDAPCompareRequest(self, request: Any, controls: Any, reply: Any) -> Any:
        if self.boundUser is None:
            raise ldaperrors.LDAPInsufficientAccessRights("bind before comparing")
        return super().handle_LDAPCompareRequest(request, controls, reply)

    def refuse(self, request: Any, controls: Any, reply: Any) -> Any:
        raise ldaperrors.LDAPUnwillingToPerform("this directory is read-only")

    handle_LDAPAddRequest = refuse
    handle_LDAPDelRequest = refuse
    handle_LDAPModifyRequest = refuse
    handle_LDAPModifyDNRequest = refuse
    handle_LDAPExtendedRequest = refuse


class Factory(ServerFactory):
    """Gives every connection the tree; ldaptor finds it through the adapter below."""

    protocol = Protocol
    noisy = False

    def __init__(self, tree: Tree) -> None:
        self.tree = tree


components.registerAdapter(lambda factory: factory.tree.current(), Factory, interfaces.IConnectedLDAPEntry)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Serves until it is told to stop. Returns the exit status; prints one line when it cannot start."""
    parser = argparse.ArgumentParser(prog="demo.directory", description="Embedded demonstration directory")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--accounts", type=Path, default=ACCOUNTS_FILE)
    parser.add_argument("--state", type=Path, required=True)
    options = parser.parse_args(arguments)
    # twisted types it by an interface of zope, which the type checker cannot call
    reactor = cast(PosixReactorBase, installed_reactor)
    password = environ.get("LDAP_BIND_PASSWORD", "")
    if not password:
        print("directory: LDAP_BIND_PASSWORD must be set", file=sys.stderr)
        return 2
    try:
        tree = Tree(options.accounts, options.state, password)
        listening = reactor.listenTCP(options.port, Factory(tree), interface="127.0.0.1")
    except (AccountsError, CannotListenError) as error:
        print(f"directory: {error}", file=sys.stderr)
        return 1
    log.startLogging(sys.stderr, setStdout=False)
    print(f"directory: listening on 127.0.0.1:{listening.getHost().port}", flush=True)
    reactor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
