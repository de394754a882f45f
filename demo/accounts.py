"""The invented accounts of the demonstration, and how to change them while the directory runs.

The accounts file is read-only. What happens to people later (disabled, taken out of a group, put into one) is
written to a small state file in the data directory, which the directory re-reads when it changes.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

ACCOUNTS_FILE = Path(__file__).with_name("accounts.toml")
MAIL_DOMAIN = "example.test"

#: Active Directory's userAccountControl: NORMAL_ACCOUNT, and the bit that means the account is disabled.
NORMAL_ACCOUNT = 0x200
ACCOUNT_DISABLED = 0x2


class AccountsError(Exception):
    """An accounts or state file cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """One account. ``trained`` tells the demonstration whether to record a training for the person."""

    uid: str
    given_name: str
    surname: str
    rank: str
    command: str
    groups: tuple[str, ...]
    trained: bool = True
    disabled: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.surname}"

    @property
    def mail(self) -> str:
        return f"{self.uid}@{MAIL_DOMAIN}"

    @property
    def account_control(self) -> int:
        """The ``userAccountControl`` value, as Active Directory writes it."""
        return NORMAL_ACCOUNT | (ACCOUNT_DISABLED if self.disabled else 0)


@dataclass(frozen=True, slots=True)
class Accounts:
    """All people by uid, the groups with their descriptions, and the password they share."""

    people: dict[str, Person]
    groups: dict[str, str]
    password: str

    def members(self, group: str) -> list[Person]:
        """People of the group, in the file's order. Raises KeyError for a group the file does not have."""
        if group not in self.groups:
            raise KeyError(group)
        return [person for person in self.people.values() if group in person.groups]


class _PersonEntry(msgspec.Struct, forbid_unknown_fields=True):
    name: tuple[str, str]
    rank: str
    command: str
    groups: list[str]
    trained: bool = True
    disabled: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    password: str
    groups: dict[str, str]
    people: dict[str, _PersonEntry]


class _Change(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What changed for one person; None where nothing did."""

    disabled: bool | None = None
    groups: list[str] | None = None


def load_accounts(path: Path = ACCOUNTS_FILE, state: Path | None = None) -> Accounts:
    """The accounts of ``path`` with the changes of ``state`` where that file exists.

    Raises AccountsError when a file cannot be read or names a group or person that does not exist.
    """
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as error:
        raise AccountsError(f"{path}: {error}") from error
    people = {
        uid: Person(uid, *entry.name, entry.rank, entry.command, tuple(entry.groups), entry.trained, entry.disabled)
        for uid, entry in file.people.items()
    }
    for uid, change in _changes(state).items():
        if uid not in people:
            raise AccountsError(f"{state}: there is no account {uid}")
        if change.disabled is not None:
            people[uid] = replace(people[uid], disabled=change.disabled)
        if change.groups is not None:
            people[uid] = replace(people[uid], groups=tuple(change.groups))
    for person in people.values():
        for group in person.groups:
            if group not in file.groups:
                raise AccountsError(f"{path}: {person.uid} is in {group}, which is not a group")
    return Accounts(people, file.groups, file.password)


def change_account(state: Path, uid: str, *, disabled: bool | None = None, groups: list[str] | None = None) -> None:
    """Disables or enables a person, or puts them into exactly ``groups``; the directory follows at once.

    Only the given parts change. One writer at a time. Raises AccountsError for an unreadable state file.
    """
    changes = _changes(state)
    change = changes.setdefault(uid, _Change())
    if disabled is not None:
        change.disabled = disabled
    if groups is not None:
        change.groups = groups
    state.parent.mkdir(parents=True, exist_ok=True)
    draft = state.with_name(f".{state.name}.{secrets.token_hex(4)}")
    draft.write_bytes(msgspec.json.encode(changes))
    os.replace(draft, state)


def _changes(state: Path | None) -> dict[str, _Change]:
    if state is None:
        return {}
    try:
        return msgspec.json.decode(state.read_bytes(), type=dict[str, _Change])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise AccountsError(f"{state}: {error}") from error
