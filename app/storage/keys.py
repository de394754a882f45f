"""The key store: one data key per request or gallery person, wrapped, outside the database.

Whoever destroys a key erases all it protects, wherever copies of the ciphertext lie (decision 0004). Formats:

- key file: `app.storage.master`.
- box: version (1 byte) + random nonce (12) + the content under AES-256-GCM (NIST SP 800-38D); authenticated
  with the version, the key's id and the caller's purpose (``aad``).
- ``.master``: the fingerprint of the master key that the store belongs to; while it changes, the new one's and then
  that of the one before it.

Unwrapped keys are never kept: every call reads the key file, so a destruction by any process holds at once.
"""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.clauses import enforces
from app.storage import durable
from app.storage.errors import KeyDestroyed, Tampered, UnknownKey, WrongMasterKey
from app.storage.master import FILE_BYTES, FINGERPRINT_BYTES, NONCE_BYTES, TAG_BYTES, Master, fingerprint_in

BOX_OVERHEAD = 1 + NONCE_BYTES + TAG_BYTES

_BOX_VERSION = b"\x01"
_TOMBSTONE_SUFFIX = ".destroyed"
_KEY_ID = re.compile(r"[0-9a-f]{32}")


class Derived(Enum):
    """The purposes for which a secret is made from the master key: all of them outlive a change of it."""

    REPORTS = b"report verification"
    DISCLOSURES = b"corroborate: persons of disclosures"
    SEALING = b"corroborate: persons of sealing orders"
    ORDERS = b"corroborate: sealing orders"
    NUMBERS = b"corroborate: numbers of people and records"
    FACES = b"corroborate: hashes of faces"


class KeyStore:
    """Data keys in a directory of their own, named by 32 hex digits that say nothing about anyone.

    ``previous_key`` is the master key before this one: with it the store opens before and while `rewrap` runs.
    Safe for use by several threads and processes at once. Raises ValueError for a master key that is not
    32 bytes, and WrongMasterKey when the directory belongs to another master key.
    """

    def __init__(self, directory: Path, master_key: bytes, previous_key: bytes | None = None) -> None:
        self._directory = Path(directory)
        self._lock = self._directory / ".lock"
        self._master_mark = self._directory / ".master"
        self._master = Master(master_key)
        self._previous = None if previous_key is None else Master(previous_key)
        durable.make_directory(self._directory)
        with durable.locked(self._lock):
            if not self._master_mark.exists():
                durable.replace(self._master_mark, self._master.fingerprint)
            self._owners()

    def create(self) -> str:
        """Make a random 256-bit data key and return its id, after it is safely on disk.

        Raises WrongMasterKey when the store was given another master key meanwhile, and DiskFailure.
        """
        key_id = secrets.token_hex(16)
        path = self._path(key_id)
        with durable.locked(self._lock, shared=True):
            owner, *_ = self._owners()
            self._refuse_destroyed(key_id)
            durable.make_directory(path.parent)
            durable.write_once(path, owner.wrap(key_id, AESGCM.generate_key(bit_length=256)))
        return key_id

    def derived(self, purpose: Derived) -> bytes:
        """Return the 32 secret bytes of a purpose: made from the master key once, then kept as a data key is.

        What was written with them is still found and still checks after a change of the master key. Raises as `create`
        and `encrypt` do.
        """
        key_id = _derived_id(purpose)
        with contextlib.suppress(UnknownKey):
            return self._unwrap(key_id)
        with durable.locked(self._lock):
            self._keep_derived(purpose)
        return self._unwrap(key_id)

    def _keep_derived(self, purpose: Derived) -> None:
        """Needs the lock. While the store belongs to the previous master key, its secrets come from that one."""
        key_id = _derived_id(purpose)
        owner, *_ = self._owners()
        durable.make_directory(self._path(key_id).parent)
        with contextlib.suppress(FileExistsError):
            durable.write_once(self._path(key_id), owner.wrap(key_id, owner.derive(purpose.value)))

    @enforces("ACC-10")
    def encrypt(self, key_id: str, plaintext: bytes, aad: bytes) -> bytes:
        """Seal content under a data key; ``aad`` names the purpose and must be given again to open the box.

        Raises UnknownKey, KeyDestroyed, WrongMasterKey, Tampered (the key file), DiskFailure, and ValueError
        for an empty purpose.
        """
        nonce = os.urandom(NONCE_BYTES)
        cipher = AESGCM(self._unwrap(key_id))
        return _BOX_VERSION + nonce + cipher.encrypt(nonce, plaintext, _box_context(key_id, aad))

    @enforces("ACC-10")
    def decrypt(self, key_id: str, box: bytes, aad: bytes) -> bytes:
        """Open a box. Raises as `encrypt` does, and Tampered unless sealed with this key and purpose."""
        cipher = AESGCM(self._unwrap(key_id))
        if len(box) < BOX_OVERHEAD or box[:1] != _BOX_VERSION:
            raise Tampered("The stored data is damaged: it is not a sealed box of a known version.")
        try:
            nonce, sealed = box[1 : 1 + NONCE_BYTES], memoryview(box)[1 + NONCE_BYTES :]
            return cipher.decrypt(nonce, sealed, _box_context(key_id, aad))
        except InvalidTag:
            raise Tampered(
                "The stored data failed its authenticity check: it was altered, or belongs elsewhere."
            ) from None

    def destroy(self, key_id: str) -> None:
        """Erase a data key for good. Idempotent, and completes an earlier destruction that a crash cut short.

        A tombstone is left first: it outranks the key file, so that neither a crash nor a restored copy of
        the file brings the key back, and the id is never used again. Raises UnknownKey for an ill-formed id.
        """
        path, tombstone = self._path(key_id), self._tombstone(key_id)
        with durable.locked(self._lock):
            durable.make_directory(path.parent)
            durable.mark(tombstone)
            durable.wipe(path)

    def exists(self, key_id: str) -> bool:
        """Whether the key can be used: made here and not destroyed."""
        return self._path(key_id).exists() and not self.is_destroyed(key_id)

    def is_destroyed(self, key_id: str) -> bool:
        """Whether a tombstone proves that the key was destroyed."""
        return self._tombstone(key_id).exists()

    def iter_ids(self) -> Iterator[str]:
        """Ids of all usable data keys, in no particular order."""
        own = {_derived_id(purpose) for purpose in Derived}
        return (key_id for key_id in self._stored_ids() if key_id not in own and not self.is_destroyed(key_id))

    def brought_back(self) -> list[str]:
        """Ids of destroyed keys whose files are there again, as after a backup of the store was put back."""
        return [key_id for key_id in self._stored_ids() if self.is_destroyed(key_id)]

    @property
    def master_fingerprints(self) -> tuple[str, str | None]:
        """What names the master key and the one before it, in hex; neither says anything about the key."""
        before = None if self._previous is None else self._previous.fingerprint.hex()
        return self._master.fingerprint.hex(), before

    def rewrap_due(self) -> bool:
        """Whether `rewrap` has anything to do or to end: a key, or the store, still knows the previous master key."""
        before = self._previous
        if before is None:
            return False
        held = (self._path(one) for one in self._stored_ids() if not self.is_destroyed(one))
        files = (durable.read(path, FILE_BYTES) for path in held)
        return self._owners() != (self._master,) or any(fingerprint_in(one) == before.fingerprint for one in files)

    def rewrap(self, done: Callable[[int, int], object] = lambda _done, _total: None) -> int:
        """Wrap every data key under the master key, which takes the place of the previous one; return how many changed.

        Other processes that know both keys go on meanwhile; one that knows the previous key only makes no more keys.
        Killed and run again it goes on where it was; it may be repeated at will. `end_rewrap` ends it.
        Raises ValueError without a previous key, and WrongMasterKey, Tampered; the keys already changed stay changed.
        """
        if self._previous is None:
            raise ValueError("There is no previous master key to change from.")
        with durable.locked(self._lock):
            for purpose in Derived:
                self._keep_derived(purpose)
            durable.replace(self._master_mark, self._master.fingerprint + self._previous.fingerprint)
        key_ids = list(self._stored_ids())
        changed = 0
        for count, key_id in enumerate(key_ids, 1):
            # a lock for each key: nobody who needs a new one waits for all
            with durable.locked(self._lock):
                changed += self._rewrap_one(key_id)
            done(count, len(key_ids))
        return changed

    def end_rewrap(self) -> None:
        """Give the store to the master key alone: from now on the previous one is refused.

        Then destroy the previous one: copies of old key files die with it.
        """
        with durable.locked(self._lock):
            durable.replace(self._master_mark, self._master.fingerprint)

    def _rewrap_one(self, key_id: str) -> bool:
        path = self._path(key_id)
        if self.is_destroyed(key_id):
            durable.wipe(path)
            return False
        content = durable.read(path, FILE_BYTES)
        if fingerprint_in(content) == self._master.fingerprint:
            return False
        durable.replace(path, self._master.wrap(key_id, self._opened(key_id, content)))
        return True

    def _owners(self) -> tuple[Master, ...]:
        """Return the master keys that open the store's files now; the first wraps new ones. Raises WrongMasterKey."""
        mark = durable.read(self._master_mark, 2 * FINGERPRINT_BYTES)
        own, before = self._master, self._previous
        if mark == own.fingerprint:
            return (own,)
        if before is not None and mark == before.fingerprint:
            return (before,)
        if before is not None and mark == own.fingerprint + before.fingerprint:
            return own, before
        if mark.startswith(own.fingerprint):
            raise WrongMasterKey(
                "The change of the master key has not ended: the master key before it is still needed."
            )
        raise WrongMasterKey("The key store belongs to another master key than the one configured.")

    def _unwrap(self, key_id: str) -> bytes:
        path = self._path(key_id)
        self._refuse_destroyed(key_id)
        try:
            content = durable.read(path, FILE_BYTES)
        except FileNotFoundError:
            self._refuse_destroyed(key_id)
            raise UnknownKey("No data key with this id is in the key store.") from None
        try:
            return self._opened(key_id, content)
        except (Tampered, WrongMasterKey):
            # Another process may be overwriting the file this moment; its tombstone is already there.
            self._refuse_destroyed(key_id)
            # Or it was wrapped anew, and that ended, since it was read.
            with contextlib.suppress(FileNotFoundError):
                if (again := durable.read(path, FILE_BYTES)) != content:
                    return self._opened(key_id, again)
            raise

    def _opened(self, key_id: str, content: bytes) -> bytes:
        """Open a key file. The previous master key opens none once the store belongs to this one alone."""
        before = self._previous
        if before is not None and fingerprint_in(content) == before.fingerprint and before in self._owners():
            return before.open(key_id, content)
        return self._master.open(key_id, content)

    def _refuse_destroyed(self, key_id: str) -> None:
        if self.is_destroyed(key_id):
            raise KeyDestroyed("The data key was destroyed; what it protected is gone for good.")

    def _stored_ids(self) -> Iterator[str]:
        return (path.name for path in self._directory.glob("??/*") if _KEY_ID.fullmatch(path.name))

    def _path(self, key_id: str) -> Path:
        if not _KEY_ID.fullmatch(key_id):
            raise UnknownKey("This is not the id of a data key.")
        return self._directory / key_id[:2] / key_id

    def _tombstone(self, key_id: str) -> Path:
        path = self._path(key_id)
        return path.with_name(path.name + _TOMBSTONE_SUFFIX)


def _box_context(key_id: str, aad: bytes) -> bytes:
    if not aad:
        raise ValueError("A box needs a purpose: the authenticated data must not be empty.")
    return b"corroborate box" + _BOX_VERSION + key_id.encode() + aad


def _derived_id(purpose: Derived) -> str:
    return hashlib.sha256(b"corroborate: derived: " + purpose.value).hexdigest()[:32]
