"""The package of a disclosure: one ZIP file that anybody can check with OpenSSL and ``sha256sum``.

``SHA256SUMS`` lists every file, ``SHA256SUMS.sig`` is the department's signature of that list, and ``VERIFY.txt`` has
the lines that check both with the enclosed public key, and find what was laid beside it.

The same files give the same bytes: names sorted, one fixed time, nothing compressed (photographs and PDFs do not
shrink, and a compressor's output may change between its versions).
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.clauses import enforces
from app.documents.approval.manifest import Signer, signed_manifest
from app.documents.errors import PackageError

SCHEMA = "corroborate-disclosure/1"
SUMS_NAME, MANIFEST_NAME = "SHA256SUMS", "manifest.json"
SIGNATURE_NAME, KEY_NAME, VERIFY_NAME = "SHA256SUMS.sig", "signing-key.pem", "VERIFY.txt"
#: names that no file of a record may take
OWN_NAMES = (SUMS_NAME, MANIFEST_NAME, SIGNATURE_NAME, KEY_NAME, VERIFY_NAME)
LETTER_NAME, DECISION_NAME, RATES_NAME = "cover-letter.pdf", "decision.pdf", "error-rates.txt"
LEDGER_NAME = "evidence-and-arrests.txt"

#: ZIP stores no time zone and no time before 1980; what counts stands in the manifest
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
#: plain letters only: what a person named a file may hold a name, a path or a character no shell can take
_PATH = re.compile(r"(?:(?:originals|copies|reports)/)?[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file: its path in the package, its content, and what it is in words; ``item`` is the record it copies."""

    path: str
    content: bytes
    what: str
    item: str | None = None

    @property
    def sha256(self) -> str:
        """The content's SHA-256 in hex."""
        return hashlib.sha256(self.content).hexdigest()


class PackageSigner(Signer, Protocol):
    """A signer that hands out its public key."""

    public_key_pem: str


@dataclass(frozen=True, slots=True)
class WithheldLine:
    """A line of the inventory in place of a file: what it is, under what it is withheld; ``item`` as in PackedFile."""

    what: str
    words: str
    item: str


@dataclass(frozen=True, slots=True)
class Package:
    """The finished ZIP, its SHA-256 and that of the list of digests inside it (both hex).

    ``withheld`` are the items of which it holds a line alone.
    """

    content: bytes
    sha256: str
    sums_sha256: str
    withheld: tuple[str, ...] = ()


@enforces("EXT-2", "EXT-7")
def build_package(
    files: Iterable[PackedFile],
    about: Mapping[str, object],
    signer: PackageSigner | None,
    max_bytes: int,
    withheld: Iterable[WithheldLine] = (),
    published_at: str = "",
) -> Package:
    """The package of these files. ``about`` goes into the signed manifest beside the files and what is withheld.

    ``published_at`` is where the department shows its public key.

    Raises PackageError for a name that is not plain or used twice, a package without an item or a line for one, or one
    above ``max_bytes``.
    """
    packed, lines = sorted(files, key=lambda file: file.path), tuple(withheld)
    _check(packed, max_bytes, lines)
    listed = [
        {"path": file.path, "sha256": file.sha256, "bytes": len(file.content), "what": file.what, "item": file.item}
        for file in packed
    ]
    contents = {file.path: file.content for file in packed}
    content: dict[str, object] = {"schema": SCHEMA, **about, "files": listed}
    if lines:
        content["withheld"] = [{"what": line.what, "words": line.words, "item": line.item} for line in lines]
    contents[MANIFEST_NAME] = signed_manifest(content, signer)
    if signer is not None:
        contents[KEY_NAME] = signer.public_key_pem.encode()
        contents[VERIFY_NAME] = instruction(signer, published_at).encode()
    sums = sums_of(contents)
    contents[SUMS_NAME] = sums
    if signer is not None:
        contents[SIGNATURE_NAME] = signer.sign(sums)
    archive = _zip(contents)
    if len(archive) > max_bytes:
        raise PackageError(_too_large(max_bytes))
    digests = hashlib.sha256(archive).hexdigest(), hashlib.sha256(sums).hexdigest()
    return Package(archive, *digests, tuple(dict.fromkeys(line.item for line in lines)))


#: what a recipient types, with programs of any Linux, macOS or Windows machine that has OpenSSL 3
VERIFYING = (
    f"openssl pkeyutl -verify -pubin -inkey {KEY_NAME} -rawin -in {SUMS_NAME} -sigfile {SIGNATURE_NAME}",
    f"sha256sum -c {SUMS_NAME}",
    # digests of what is there, in the form of the list: an added file is one more line, whatever its name holds
    f"find . ! -type d ! -path ./{SUMS_NAME} ! -path ./{SIGNATURE_NAME} -exec sha256sum {{}} + | sed 's|  ./|  |' "
    f"| LC_ALL=C sort -k 2 | diff - {SUMS_NAME}",
)
#: prints the name of the enclosed key
NAMING = f"openssl pkey -pubin -in {KEY_NAME} -outform DER | tail -c 32 | sha256sum"


def instruction(signer: PackageSigner, published_at: str) -> str:
    """The lines that check the package, and how to see that the key is the department's."""
    lines = "\n".join(VERIFYING)
    where = f" It is published at {published_at} and printed on the department's reports." if published_at else ""
    return (
        "How to check this package\n\n"
        "Unpack it into an empty folder and run these three lines there:\n\n"
        f"{lines}\n\n"
        "The first answers “Signature Verified Successfully”, the second “OK” for every file. The third "
        "prints nothing: a line of it names a file that is not on the list, or not as listed. Rely on no such file.\n\n"
        "That the enclosed key is the department's is seen by its SHA-256. This line\n\n"
        f"{NAMING}\n\n"
        f"prints\n\n{signer.fingerprint}\n\n"
        f"Compare it with what the department told you by another way.{where}\n\n"
        "Every PDF file here is signed as well (PAdES): a PDF reader, or “pdfsig FILE.pdf”, shows by whom and when. It "
        "must say “Signature is Valid” and “Total document signed” as well: otherwise somebody wrote into it later.\n"
    )


def sums_of(contents: Mapping[str, bytes]) -> bytes:
    """The list of digests as ``sha256sum`` writes and reads it: digest, two spaces, name; binary names sorted."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(contents.items())]
    return "".join(lines).encode()


def _check(packed: list[PackedFile], max_bytes: int, withheld: tuple[WithheldLine, ...]) -> None:
    paths = [file.path for file in packed]
    # sorted() tells "A" from "a"; many file systems do not
    if len({path.casefold() for path in paths}) != len(paths):
        raise PackageError("Two files of the package have the same name.")
    for path in paths:
        if not _PATH.fullmatch(path) or path in OWN_NAMES:
            raise PackageError(f"A package cannot hold a file named {path!r}.")
    if not withheld and not any("/" in path for path in paths):
        raise PackageError("A package holds at least one original or report.")
    if sum(len(file.content) for file in packed) > max_bytes:
        raise PackageError(_too_large(max_bytes))


def _too_large(max_bytes: int) -> str:
    return f"The package is larger than {max_bytes // (1024 * 1024)} MB; disclose the items in several packages."


def _zip(contents: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(path, _FIXED_TIME)
            entry.external_attr = _PLAIN_FILE
            entry.create_system = 3  # Unix, whatever system writes it
            archive.writestr(entry, content)
    return written.getvalue()
