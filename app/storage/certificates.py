"""The key and certificate by which the department signs documents (PAdES): its own by setting, else a demonstration's.

RSA, for the programs of courts know it: PDF readers and poppler check no Ed25519, by which manifests are signed.
"""

import contextlib
import functools
import hashlib
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from app.storage import durable
from app.storage.errors import SigningKeyUnusable

FOLDER = "pdf-signing"
KEY, CHAIN = "key.pem", "certificate.pem"
BITS, YEARS = 3072, 10
_LIMIT = 65536


@dataclass(frozen=True, slots=True)
class Certified:
    """A private key with its certificates in DER: the department's own first, then those that vouch for it."""

    key: bytes
    chain: tuple[bytes, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the department's certificate, as programs show it."""
        return hashlib.sha256(self.chain[0]).hexdigest()

    @property
    def pem(self) -> str:
        """The certificates as a file that is handed to whoever verifies."""
        found = [x509.load_der_x509_certificate(one) for one in self.chain]
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in found)


class DocumentKey:
    """The department's key for documents, read or made when the first document is signed.

    ``key_file`` and ``chain_file`` come from the department's certificate authority; where there are none, an authority
    of this installation is made in ``data_dir``, whose name says what it is.
    """

    def __init__(self, data_dir: Path, name: str, key_file: Path | None = None, chain_file: Path | None = None) -> None:
        self._folder, self._name = Path(data_dir) / FOLDER, name
        self._own = (key_file, chain_file) if key_file is not None and chain_file is not None else None

    def check(self) -> None:
        """Read the department's own files, where there are any. Raises SigningKeyUnusable, DiskFailure."""
        if self._own is not None:
            _check_dates(self.certified)

    @functools.cached_property
    def certified(self) -> Certified:
        """The key with its certificates. Raises SigningKeyUnusable when the files cannot be used together."""
        if self._own is not None:
            return _load(*self._own)
        with contextlib.suppress(FileNotFoundError):
            return _load(self._folder / KEY, self._folder / CHAIN)
        durable.make_directory(self._folder)
        with durable.locked(self._folder / ".lock"):
            # the certificates are written last: with them the pair is whole
            if not (self._folder / CHAIN).exists():
                key, chain = _make(self._name)
                durable.replace(self._folder / KEY, key)
                durable.replace(self._folder / CHAIN, chain)
        return _load(self._folder / KEY, self._folder / CHAIN)


def _load(key_file: Path, chain_file: Path) -> Certified:
    if not chain_file.exists():
        raise FileNotFoundError(chain_file)
    if key_file.stat().st_mode & 0o077:
        raise SigningKeyUnusable("Other accounts can read the key that signs documents; restrict it to mode 0600.")
    try:
        key = load_pem_private_key(durable.read(key_file, _LIMIT), password=None)
        chain = x509.load_pem_x509_certificates(durable.read(chain_file, _LIMIT))
    except (ValueError, TypeError) as fault:
        raise SigningKeyUnusable("The key or the certificate that signs documents cannot be read.") from fault
    if not isinstance(key, RSAPrivateKey) or key.public_key() != chain[0].public_key():
        raise SigningKeyUnusable("The key that signs documents is no RSA key, or not that of the first certificate.")
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Certified(private, tuple(one.public_bytes(Encoding.DER) for one in chain))


def _check_dates(certified: Certified) -> None:
    """Raise SigningKeyUnusable unless each certificate vouches for the one before it, and all are valid now."""
    chain = [x509.load_der_x509_certificate(one) for one in certified.chain]
    at = datetime.now(UTC)
    for one in chain:
        if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
            span = f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"
            raise SigningKeyUnusable(f"A certificate that vouches for documents is valid from {span} only.")
    for one, voucher in itertools.pairwise(chain):
        try:
            one.verify_directly_issued_by(voucher)
        except (ValueError, TypeError, InvalidSignature):
            raise SigningKeyUnusable(
                "The certificates that vouch for documents are in no order: each must be issued by the next."
            ) from None


def _make(name: str) -> tuple[bytes, bytes]:
    """Return a key and its chain as PEM, vouched for by an authority whose own key is forgotten at once."""
    authority, key = (generate_private_key(65537, BITS) for _ in range(2))
    issuer = f"Demonstration authority of {name}"[:64]
    own = _certificate(name[:64], key, issuer, authority, vouches=False)
    chain = [own, _certificate(issuer, authority, issuer, authority, vouches=True)]
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, b"".join(one.public_bytes(Encoding.PEM) for one in chain)


def _certificate(
    name: str, key: RSAPrivateKey, issuer: str, authority: RSAPrivateKey, *, vouches: bool
) -> x509.Certificate:
    begin = datetime.now(UTC) - timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=not vouches,
        content_commitment=not vouches,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=vouches,
        crl_sign=vouches,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=vouches, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )
    return made.sign(authority, hashes.SHA256())
