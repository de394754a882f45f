"""The key store: one data key per request or gallery person, wrapped, outside the database.

Whoever destroys a key erases all it protects, wherever copies of the ciphertext lie (decision 0004). Formats:

- key file: ``CKEY`` + version (1 byte) + fingerprint of the master key (8) + nonce (12) + the data key (32)
  under AES-256-GCM; authenticated with what precedes the nonce and with its id, so that no file can stand
  in for another.
- box: version (1 byte) + random nonce (12) + the content under AES-256-GCM (NIST SP 800-38D); authenticated
  with the version, the key's id and the caller's purpose (``aad``).

Unwrapped keys are never kept: every call reads the key file, so a destruction by any process holds at once.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.clauses import enforces
from app.storage import durable
from app.storage.errors import KeyDestroyed, Tampered, UnknownKey, WrongMasterKey

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
BOX_OVERHEAD = 1 + NONCE_BYTES + TAG_BYTES

_BOX_VERSION = b"\x01"
_HEADER = b"CKEY\x01"
_FINGERPRINT_BYTES = 8
_HEAD_BYTES = len(_HEADER) + _FINGERPRINT_BYTES
_KEY_FILE_BYTES = _HEAD_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES
_TOMBSTONE_SUFFIX = ".destroyed"
_KEY_ID = re.compile(r"[0-9a-f]{32}")


class KeyStore:
    """Data keys in a directory of their own, named by 32 hex digits that say nothing about anyone.

    Safe for use by several threads and processes at once. Raises ValueError for a master key that is not
    32 bytes, and WrongMasterKey when the directory belongs to another master key.
    """

    def __init__(self, directory: Path, master_key: bytes) -> None:
        self._directory = Path(directory)
        self._lock = self._directory / ".lock"
        self._master_mark = self._directory / ".master"
        self._set_master(master_key)
        durable.make_directory(self._directory)
        with durable.locked(self._lock):
            if not self._master_mark.exists():
                durable.replace(self._master_mark, self._fingerprint)
            self._check_master()

    def create(self) -> str:
        """Make a random 256-bit data key and return its id, after it is safely on disk.

        Raises WrongMasterKey when the store was given another master key meanwhile, and DiskFailure.
        """
        key_id = secrets.token_hex(16)
        path = self._path(key_id)
        with durable.locked(self._lock, shared=True):
            self._check_master()
            self._refuse_destroyed(key_id)
            durable.make_directory(path.parent)
            durable.write_once(path, self._wrap(key_id, AESGCM.generate_key(bit_length=256)))
        return key_id

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
        """Ids of all usable keys, in no particular order."""
        return (key_id for key_id in self._stored_ids() if not self.is_destroyed(key_id))

    def rewrap(self, new_master: bytes) -> int:
        """Wrap every data key under a new master key, used from now on; return how many were changed.

        Done with the portal and workers stopped, since they know the old master key only. Resumable: opened
        with the old master key and called again, it passes over what is done. The store belongs to the new
        master key only when every key is. Then destroy the old one: copies of old key files die with it.
        Raises ValueError, WrongMasterKey, Tampered; the keys already changed stay changed.
        """
        successor = object.__new__(KeyStore)
        successor._set_master(new_master)
        with durable.locked(self._lock):
            changed = sum(self._rewrap_one(key_id, successor) for key_id in list(self._stored_ids()))
            durable.replace(self._master_mark, successor._fingerprint)
        self._set_master(new_master)
        return changed

    def _rewrap_one(self, key_id: str, successor: "KeyStore") -> bool:
        path = self._path(key_id)
        if self.is_destroyed(key_id):
            durable.wipe(path)
            return False
        content = durable.read(path, _KEY_FILE_BYTES)
        if _fingerprint_in(content) == successor._fingerprint:
            return False
        durable.replace(path, successor._wrap(key_id, self._opened(key_id, content)))
        return True

    def _set_master(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"The master key must be {KEY_BYTES} bytes.")
        self._master = AESGCM(master_key)
        digest = hmac.new(master_key, b"corroborate: fingerprint of the master key", hashlib.sha256).digest()
        self._fingerprint = digest[:_FINGERPRINT_BYTES]

    def _check_master(self) -> None:
        if durable.read(self._master_mark, _FINGERPRINT_BYTES) != self._fingerprint:
            raise WrongMasterKey("The key store belongs to another master key than the one configured.")

    def _wrap(self, key_id: str, data_key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        head = _HEADER + self._fingerprint
        return head + nonce + self._master.encrypt(nonce, data_key, head + key_id.encode())

    def _unwrap(self, key_id: str) -> bytes:
        path = self._path(key_id)
        self._refuse_destroyed(key_id)
        try:
            content = durable.read(path, _KEY_FILE_BYTES)
        except FileNotFoundError:
            self._refuse_destroyed(key_id)
            raise UnknownKey("No data key with this id is in the key store.") from None
        try:
            return self._opened(key_id, content)
        except (Tampered, WrongMasterKey):
            # Another process may be overwriting the file this moment; its tombstone is already there.
            self._refuse_destroyed(key_id)
            raise

    def _opened(self, key_id: str, content: bytes) -> bytes:
        head, rest = content[:_HEAD_BYTES], content[_HEAD_BYTES:]
        if len(content) != _KEY_FILE_BYTES or not head.startswith(_HEADER):
            raise Tampered("A data key's file is damaged: it is not a key file of a known version.")
        if _fingerprint_in(content) != self._fingerprint:
            raise WrongMasterKey("A data key is wrapped under another master key than the one configured.")
        try:
            return self._master.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + key_id.encode())
        except InvalidTag:
            raise Tampered("A data key's file was altered or moved: its authenticity check failed.") from None

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


def _fingerprint_in(content: bytes) -> bytes:
    return content[len(_HEADER) : _HEAD_BYTES]
