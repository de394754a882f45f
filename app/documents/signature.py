"""The department's electronic signature on a finished PDF (PAdES baseline B, ETSI EN 319 142): its bytes and its time.

The signing time is that of the facts, RSA signs the same bytes alike, and the file's second identifier comes from both:
the same document signed again with the same key is the same file.
"""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.clauses import enforces
from app.documents.checks import page_texts
from app.documents.errors import RenderError
from app.documents.typeset import Rendered
from app.storage.certificates import Certified

FIELD = "Department"
REASON = "Issued by the department; not changed since"


class _Update(IncrementalPdfFileWriter):
    """An update that leaves the metadata as they are: the library would write the clock into them."""

    def _update_meta(self) -> None:
        return None


class _At(signers.PdfSigner):
    """Signs at the time of the facts instead of the clock's."""

    def __init__(self, *args: Any, at: datetime, **named: Any) -> None:
        super().__init__(*args, **named)
        self._at = at

    def init_signing_session(self, *args: Any, **named: Any) -> PdfSigningSession:
        session = super().init_signing_session(*args, **named)
        session.system_time = self._at
        return session


@enforces("EXT-2", "SRC-8")
def sign(rendered: Rendered, certified: Certified, at: datetime) -> Rendered:
    """The document with the department's signature at this time. Raises RenderError."""
    at = at.astimezone(UTC).replace(microsecond=0)
    own, *vouching = (Certificate.load(one) for one in certified.chain)
    known = SimpleCertificateStore()
    known.register_multiple(vouching)
    signer = signers.SimpleSigner(
        signing_cert=own, signing_key=PrivateKeyInfo.load(certified.key), cert_registry=known, prefer_pss=False
    )
    about = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=REASON,
        # certified: a page laid over another by an update that leaves the signed bytes as they are is a change too
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    try:
        update = _Update(io.BytesIO(rendered.pdf))
        # the second identifier names this version of the file (ISO 32000-2, 14.4)
        version = hashlib.sha256(rendered.pdf + at.isoformat().encode()).digest()[:16]
        update._document_id[1] = generic.ByteStringObject(version)
        # in a thread of its own: the library runs an event loop, and a thread that has one already takes no second
        with ThreadPoolExecutor(1) as apart:
            signed = apart.submit(_At(about, signer, at=at).sign_pdf, update).result().getvalue()
    except (PdfError, ValueError) as error:
        raise RenderError("The finished document could not be signed.") from error
    return Rendered(signed, hashlib.sha256(signed).hexdigest(), len(page_texts(signed)))
