"""Delivery of a report into the investigator's case file in the case management system (SRC-7, SRC-8, ACC-5).

:class:`CaseManagement` is what any case management system must offer; :class:`DirectoryCaseFiles` is the
connector that needs none: a directory per case, in it a directory per report with the PDF and a JSON
manifest.
"""

import grp
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from app.clauses import enforces
from app.documents.approval.manifest import Signer, signed_manifest
from app.documents.errors import DeliveryConflict, DeliveryError

SCHEMA = "corroborate-delivery/1"
MANIFEST_NAME = "manifest.json"

_NAME_BYTES = 200
_SAFE = re.compile(r"[A-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A finished report on its way: ``facts_manifest`` is what ``manifest.manifest`` made."""

    case_number: str
    report_number: str
    pdf: bytes
    facts_manifest: bytes
    verification_code: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the PDF stands (relative to the case files), its SHA-256 (hex) and when it was taken in (UTC)."""

    path: str
    sha256: str
    at: datetime


class CaseManagement(Protocol):
    """A case management system that takes reports."""

    def deliver(self, delivery: Delivery) -> Receipt:
        """Attach the report to its case file; delivering the same again gives the same receipt.

        Raises DeliveryConflict when other content already stands under the report number, DeliveryError when
        the system does not take it (to be tried again).
        """
        ...


#: what accounts may do that are neither the portal's nor of the folder's group, and what that group may
OTHERS, GROUP = 0o007, 0o070


def open_to(folder: Path, readers: str = "") -> str | None:
    """Return in words to whom a folder of case files is open that has no business there, or None.

    A group may use it where it is the portal's own or the one named `readers`; everybody else never.
    """
    found = folder.stat()
    if found.st_mode & OTHERS:
        return "is open to every account of the machine; take that away (chmod o-rwx)"
    if found.st_mode & GROUP and found.st_gid != os.getegid() and found.st_gid != _gid(readers):
        named = f"neither the portal's own nor {readers}" if readers else "not the portal's own (CASE_FILES_GROUP)"
        return f"is open to the group {_group(found.st_gid)}, which is {named}; take that away (chgrp, or chmod g-rwx)"
    return None


def _gid(name: str) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid if name else None
    except KeyError:
        return None


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


@enforces("SRC-7", "SRC-8", "ACC-5", "ACC-10")
class DirectoryCaseFiles:
    """Case files below ``root``: ``<case>/<report>/<report>.pdf`` beside ``manifest.json``.

    A report appears whole or not at all: it is written and flushed in a directory of its own, which then is
    renamed to its place. Two workers delivering at once leave one report and get the same receipt. Reports lie here in
    clear, for the case system reads them: a folder that is open to others than `readers` (a group) takes none.
    """

    def __init__(
        self,
        root: Path,
        signer: Signer | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        readers: str = "",
    ) -> None:
        self._readers = readers
        self._root = Path(root)
        self._signer = signer
        self._clock = clock

    def deliver(self, delivery: Delivery) -> Receipt:
        """See :meth:`CaseManagement.deliver`."""
        case, report = safe_name(delivery.case_number), safe_name(delivery.report_number)
        try:
            place = self._case_directory(case) / report
            if not place.exists():
                self._publish(delivery, place)
            return self._receipt(delivery, place)
        except OSError as error:
            raise DeliveryError("The case files cannot be written; the delivery will be tried again.") from error

    def _case_directory(self, case: str) -> Path:
        self._root.mkdir(mode=0o750, parents=True, exist_ok=True)
        directory = self._root / case
        directory.mkdir(mode=0o750, exist_ok=True)
        if directory.is_symlink() or directory.resolve().parent != self._root.resolve():
            raise DeliveryError("The case file's directory leads out of the case files; nothing was written.")
        for folder in (self._root, directory):
            if (words := open_to(folder, self._readers)) is not None:
                raise DeliveryError(f"The folder {folder.name} {words}. Nothing was written.")
        _flush(self._root)
        return directory

    def _publish(self, delivery: Delivery, place: Path) -> None:
        temporary = Path(tempfile.mkdtemp(prefix=".arriving-", dir=place.parent))
        try:
            _write(temporary / f"{place.name}.pdf", delivery.pdf)
            _write(temporary / MANIFEST_NAME, self._manifest(delivery, f"{place.name}.pdf"))
            _flush(temporary)
            temporary.chmod(0o750)
            try:
                temporary.rename(place)
            except OSError:
                # Somebody else's rename came first: a directory that is not empty is never replaced.
                if not place.is_dir():
                    raise
            _flush(place.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _manifest(self, delivery: Delivery, pdf_name: str) -> bytes:
        content: dict[str, object] = {
            "schema": SCHEMA,
            "case_number": delivery.case_number,
            "report_number": delivery.report_number,
            "delivered_at": self._clock().astimezone(UTC).isoformat(),
            "pdf": {"name": pdf_name, "sha256": _sha256(delivery.pdf), "bytes": len(delivery.pdf)},
            "facts_sha256": _sha256(delivery.facts_manifest),
            "verification_code": delivery.verification_code,
            "facts": json.loads(delivery.facts_manifest),
        }
        return signed_manifest(content, self._signer)

    def _receipt(self, delivery: Delivery, place: Path) -> Receipt:
        """The receipt of what stands at ``place``, which must be this delivery and unchanged on disk."""
        pdf = place / f"{place.name}.pdf"
        try:
            stands = json.loads((place / MANIFEST_NAME).read_bytes())
            same = (
                stands["case_number"] == delivery.case_number
                and stands["report_number"] == delivery.report_number
                and stands["facts_sha256"] == _sha256(delivery.facts_manifest)
                and stands["pdf"]["sha256"] == _sha256(delivery.pdf) == _sha256(pdf.read_bytes())
            )
            at = datetime.fromisoformat(stands["delivered_at"])
        except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
            raise DeliveryConflict(f"What stands in the case file as {place.name} is damaged.") from error
        if not same:
            raise DeliveryConflict(f"Another document already stands in the case file as {place.name}.")
        return Receipt(pdf.relative_to(self._root).as_posix(), _sha256(delivery.pdf), at)


def safe_name(number: str) -> str:
    """A file name for a case or report number; two numbers never share one, not even where case is ignored.

    Capital letters, digits, hyphen and underscore stay; everything else is percent-encoded, so no separator,
    dot or lower-case letter is left (RFC 3986 escapes have capital digits). Raises DeliveryError when nothing
    or too much remains.
    """
    if not number.strip():
        raise DeliveryError("A case file needs a case number and a report number.")
    try:
        name = "".join(sign if _SAFE.fullmatch(sign) else _escaped(sign) for sign in number)
    except UnicodeEncodeError as error:
        raise DeliveryError("The case or report number holds characters that no file name can carry.") from error
    if len(name) > _NAME_BYTES:
        raise DeliveryError("The case or report number is too long for a case file.")
    return name


def _escaped(sign: str) -> str:
    # quote() leaves letters and ".~" alone whatever it is told, hence by hand for ASCII.
    return f"%{ord(sign):02X}" if sign.isascii() else quote(sign)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o440)


def _flush(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
