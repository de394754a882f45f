"""The master key: what wraps data keys, and the form of a wrapped one.

key file: ``CKEY`` + version (1 byte) + fingerprint of the master key (8) + nonce (12) + the data key (32) under
AES-256-GCM; authenticated with what precedes the nonce and with its id, so that no file can stand in for another.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.storage.errors import Tampered, WrongMasterKey

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
FINGERPRINT_BYTES = 8

_HEADER = b"CKEY\x01"
_HEAD_BYTES = len(_HEADER) + FINGERPRINT_BYTES
FILE_BYTES = _HEAD_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES


class Master:
    """One master key. Raises ValueError unless it is 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"The master key must be {KEY_BYTES} bytes.")
        self._key = key
        self._cipher = AESGCM(key)
        digest = hmac.new(key, b"corroborate: fingerprint of the master key", hashlib.sha256).digest()
        self.fingerprint = digest[:FINGERPRINT_BYTES]
        """Names the key and says nothing about it."""

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes made from the key for one purpose (HMAC-SHA-256, RFC 2104)."""
        return hmac.digest(self._key, purpose, "sha256")

    def wrap(self, key_id: str, data_key: bytes) -> bytes:
        """Return the content of a key file."""
        nonce = os.urandom(NONCE_BYTES)
        head = _HEADER + self.fingerprint
        return head + nonce + self._cipher.encrypt(nonce, data_key, head + key_id.encode())

    def open(self, key_id: str, content: bytes) -> bytes:
        """Return the data key of a key file that this master key wrapped. Raises Tampered, WrongMasterKey."""
        if fingerprint_in(content) != self.fingerprint:
            raise WrongMasterKey("A data key is wrapped under another master key than the one configured.")
        head, rest = content[:_HEAD_BYTES], content[_HEAD_BYTES:]
        try:
            return self._cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + key_id.encode())
        except InvalidTag:
            raise Tampered("A data key's file was altered or moved: its authenticity check failed.") from None


def fingerprint_in(content: bytes) -> bytes:
    """Return which master key wrapped a key file. Raises Tampered when it is none."""
    if len(content) != FILE_BYTES or not content.startswith(_HEADER):
        raise Tampered("A data key's file is damaged: it is not a key file of a known version.")
    return content[len(_HEADER) : _HEAD_BYTES]
