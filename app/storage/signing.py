"""The department's signing key (Ed25519, RFC 8032), for audit anchors and the manifests of reports."""

import contextlib
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.storage import durable
from app.storage.errors import SigningKeyUnusable

FILE_NAME = "signing-key.pem"
_LIMIT = 4096


class Signer:
    """Signs with the key file in ``data_dir``, made (0600) on first use.

    Raises SigningKeyUnusable when the file is no Ed25519 key or other accounts of the machine can read it.
    """

    def __init__(self, data_dir: Path) -> None:
        path = Path(data_dir) / FILE_NAME
        if not path.exists():
            durable.make_directory(path.parent)
            _make_key(path)
        self._key = _load(path)
        public = self._key.public_key()
        self.public_key_pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        """The public key, to be handed to whoever verifies."""
        self.fingerprint = hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()
        """SHA-256 (hex) of the raw public key: names the key in anchors and manifests."""

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature of the data."""
        return self._key.sign(data)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature is this key's, of exactly this data."""
        return verify_with(self.public_key_pem, data, signature)


def verify_with(public_key_pem: str, data: bytes, signature: bytes) -> bool:
    """Tell whether the signature of the data was made with the key of this public half.

    Raises SigningKeyUnusable when the text is not an Ed25519 public key.
    """
    try:
        public = load_pem_public_key(public_key_pem.encode())
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise SigningKeyUnusable("The public key cannot be read.") from fault
    if not isinstance(public, Ed25519PublicKey):
        raise SigningKeyUnusable("The public key is not an Ed25519 key.")
    try:
        public.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _make_key(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with durable.locked(path.with_name(f".{path.name}.lock")), contextlib.suppress(FileExistsError):
        path.with_name(path.name + durable.PART_SUFFIX).unlink(missing_ok=True)
        durable.write_once(path, content)


def _load(path: Path) -> Ed25519PrivateKey:
    if os.stat(path).st_mode & 0o077:
        raise SigningKeyUnusable("Other accounts can read the signing key file; restrict it to mode 0600.")
    try:
        key = load_pem_private_key(durable.read(path, _LIMIT), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise SigningKeyUnusable("The signing key file cannot be read; restore its backup.") from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyUnusable("The signing key file holds another kind of key than Ed25519.")
    return key
