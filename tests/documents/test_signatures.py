"""Signatures that a recipient checks with programs of their own: PDF files (PAdES) and packages (EXT-2, SRC-8)."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from app.documents.disclosures.package import KEY_NAME, NAMING, SUMS_NAME, VERIFYING, PackedFile, build_package
from app.documents.signature import sign
from app.documents.typeset import Rendered, typeset
from app.factory import open_stores
from app.storage import certificates
from app.storage.certificates import CHAIN, FOLDER, KEY, Certified, DocumentKey
from app.storage.errors import SigningKeyUnusable
from app.storage.signing import Signer
from config.settings import SettingsError

pytestmark = pytest.mark.clause("EXT-2", "SRC-8")
ROOT = Path(__file__).resolve().parents[2]
AT = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module", autouse=True)
def keys_of_their_own() -> Iterator[None]:
    """Every authority and department here draws its own key, whatever portals of other tests remember."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "generate_private_key", generate_private_key)
        yield


@pytest.fixture(scope="module")
def certified(tmp_path_factory) -> Certified:
    return DocumentKey(tmp_path_factory.mktemp("keys"), "Police Department").certified


@pytest.fixture(scope="module")
def document() -> Rendered:
    pdf = typeset("<html lang=en><title>A paper</title><p>Some words.</p></html>", {}, "R-1")
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), 1)


def standing(pdf: bytes, certified: Certified, moment: datetime = AT):
    [signature] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    root = Certificate.load(certified.chain[-1])
    context = ValidationContext(trust_roots=[root], allow_fetching=False, moment=moment)
    return validate_pdf_signature(signature, context)


def test_the_signature_holds_covers_the_whole_file_and_says_the_time_of_the_facts(document, certified):
    made = sign(document, certified, AT)
    found = standing(made.pdf, certified)
    assert found.bottom_line and found.intact and found.trusted and found.coverage.name == "ENTIRE_FILE"
    assert found.signer_reported_dt == AT
    assert made.sha256 == hashlib.sha256(made.pdf).hexdigest() and made.pages == 1
    assert found.signing_cert.subject.native["common_name"] == "Police Department"
    assert found.signing_cert.sha256.hex() == certified.fingerprint


def test_the_same_document_signed_again_is_the_same_file(document, certified):
    """So that a second try after a kill gives the same package; another time is another file."""
    assert sign(document, certified, AT).pdf == sign(document, certified, AT).pdf
    assert sign(document, certified, AT).pdf != sign(document, certified, AT + timedelta(seconds=1)).pdf


def test_a_changed_file_and_another_departments_signature_are_found_bypass(document, certified, tmp_path):
    made = sign(document, certified, AT).pdf
    place = len(document.pdf) // 2
    changed = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
    assert not standing(changed, certified).bottom_line
    stranger = DocumentKey(tmp_path, "Police Department").certified
    forged = sign(document, stranger, AT).pdf
    assert not standing(forged, certified).bottom_line, "the same name, vouched for by somebody else"


def written_over(pdf: bytes) -> bytes:
    """The file with words laid over its first page by an update that leaves the signed bytes as they are."""
    update = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = update.root["/Pages"]["/Kids"][0].get_object()
    words = generic.StreamObject(stream_data=b"q 1 1 1 rg 0 0 700 900 re f Q")
    before = page["/Contents"] if isinstance(page["/Contents"], generic.ArrayObject) else [page.raw_get("/Contents")]
    page[generic.pdf_name("/Contents")] = generic.ArrayObject([*before, update.add_object(words)])
    update.update_container(page)
    made = io.BytesIO()
    update.write(made)
    return made.getvalue()


def test_a_page_laid_over_the_first_ends_the_signature_bypass(document, certified):
    made = sign(document, certified, AT).pdf
    over = written_over(made)
    assert over.startswith(made), "the signed bytes are as they were"
    [signature] = PdfFileReader(io.BytesIO(made)).embedded_signatures
    assert signature.docmdp_level is MDPPerm.NO_CHANGES
    assert not standing(over, certified).bottom_line and not standing(over, certified).docmdp_ok


def test_popplers_pdfsig_says_that_it_holds(document, certified, tmp_path):
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler-utils) is not on this machine")
    made = sign(document, certified, AT).pdf
    place = len(document.pdf) // 2
    for name, pdf, said, whole in (
        ("whole.pdf", made, "Signature is Valid", True),
        ("changed.pdf", made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :], "Digest Mismatch", True),
        ("over.pdf", written_over(made), "Signature is Valid", False),
    ):
        (tmp_path / name).write_bytes(pdf)
        shown = subprocess.run(
            ["pdfsig", "-nocert", name], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60
        )
        assert said in shown.stdout and "ETSI.CAdES.detached" in shown.stdout
        # the words that VERIFY.txt tells a recipient to look for
        assert ("Total document signed" in shown.stdout) is whole


def test_the_key_is_made_once_kept_from_others_and_replaced_by_the_departments_own(tmp_path):
    first, again = DocumentKey(tmp_path, "A"), DocumentKey(tmp_path, "A")
    assert first.certified == again.certified and "PRIVATE" not in first.certified.pem
    key, chain = tmp_path / FOLDER / KEY, tmp_path / FOLDER / CHAIN
    assert key.stat().st_mode & 0o077 == 0
    assert "Demonstration authority" in Certificate.load(first.certified.chain[-1]).subject.human_friendly
    assert DocumentKey(tmp_path / "elsewhere", "B", key, chain).certified == first.certified
    other = DocumentKey(tmp_path / "other", "A").certified
    (tmp_path / "other.pem").write_text(other.pem)
    with pytest.raises(SigningKeyUnusable, match="not that of the first certificate"):
        _ = DocumentKey(tmp_path, "A", key, tmp_path / "other.pem").certified
    os.chmod(key, 0o644)
    with pytest.raises(SigningKeyUnusable, match="0600"):
        _ = DocumentKey(tmp_path, "A", key, chain).certified


# The package -----------------------------------------------------------------------------------------------


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", line], cwd=folder, check=False, capture_output=True, text=True, timeout=60)


def unpacked(signer: Signer, folder: Path) -> Path:
    if not all(shutil.which(name) for name in ("openssl", "sha256sum", "unzip")):
        pytest.skip("openssl, sha256sum or unzip is not on this machine")
    files = (PackedFile("reports/R-1.pdf", b"%PDF-1.7 a report", "Report"), PackedFile("cover-letter.pdf", b"x", "L"))
    made = build_package(files, {"disclosure": "D-1"}, signer, 10**6, published_at="https://portal.example/verify")
    (folder / "D-1.zip").write_bytes(made.content)
    assert run("unzip -q D-1.zip -d open", folder).returncode == 0
    return folder / "open"


def test_the_lines_of_the_package_check_it_with_programs_of_any_machine(tmp_path):
    signer = Signer(tmp_path / "keys")
    folder = unpacked(signer, tmp_path)
    told = (folder / "VERIFY.txt").read_text()
    assert all(f"\n{line}\n" in told for line in (*VERIFYING, NAMING)) and len(VERIFYING) == 3
    assert signer.fingerprint in told and "https://portal.example/verify" in told
    signature, sums, added = (run(line, folder) for line in VERIFYING)
    assert signature.returncode == 0 and "Signature Verified Successfully" in signature.stdout + signature.stderr
    assert sums.returncode == 0 and sums.stdout.count(": OK") == 5
    assert (added.returncode, added.stdout, added.stderr) == (0, "", "")
    assert run(NAMING, folder).stdout.split()[0] == signer.fingerprint


@pytest.mark.parametrize(
    "name", ["reports/R-2.pdf", "R-2.pdf", "reports/SHA256SUMS", "SHA256SUMS.sig.pdf", ".R-2.pdf", "R-1\nmanifest.json"]
)
def test_a_report_laid_beside_the_others_is_found_bypass(tmp_path, name):
    """The list and its signature hold; nothing in them says that a file was added."""
    folder = unpacked(Signer(tmp_path / "keys"), tmp_path)
    (folder / name).write_bytes(b"%PDF-1.7 a forged report")
    told = [run(line, folder) for line in VERIFYING]
    assert [one.returncode for one in told] == [0, 0, 1]
    assert name.split("\n")[0] in told[2].stdout


def test_a_report_laid_beside_the_others_as_a_link_is_found_bypass(tmp_path):
    folder = unpacked(Signer(tmp_path / "keys"), tmp_path)
    (tmp_path / "forged.pdf").write_bytes(b"%PDF-1.7 a forged report")
    (folder / "reports" / "R-2.pdf").symlink_to(tmp_path / "forged.pdf")
    assert "reports/R-2.pdf" in run(VERIFYING[2], folder).stdout


def test_a_list_of_digests_made_anew_is_found_bypass(tmp_path):
    """`sha256sum -c` alone proves nothing against whoever wrote the list."""
    signer = Signer(tmp_path / "keys")
    folder = unpacked(signer, tmp_path)
    (folder / "reports" / "R-1.pdf").write_bytes(b"%PDF-1.7 another report")
    assert run(VERIFYING[1], folder).returncode != 0
    listed = (folder / SUMS_NAME).read_text().splitlines()
    digest = hashlib.sha256(b"%PDF-1.7 another report").hexdigest()
    anew = [f"{digest}  reports/R-1.pdf" if line.endswith("R-1.pdf") else line for line in listed]
    (folder / SUMS_NAME).write_text("\n".join(anew) + "\n")
    assert run(VERIFYING[1], folder).returncode == 0
    assert run(VERIFYING[0], folder).returncode != 0, "the signature is of the list that was"
    # signed anew with another key, the two lines pass: its name is not the department's
    stranger = Signer(tmp_path / "stranger")
    (folder / KEY_NAME).write_text(stranger.public_key_pem)
    assert run(NAMING, folder).stdout.split()[0] == stranger.fingerprint != signer.fingerprint


def test_the_public_keys_are_published(app):
    from app.extensions import stores

    client = app.test_client()
    shown = client.get("/verify").get_data(as_text=True)
    key, certificate = stores().signer, stores().documents.certified
    for digest in (key.fingerprint, certificate.fingerprint):
        assert digest in shown.replace("<wbr>", "")
    assert client.get("/verify/keys/signing-key.pem").get_data(as_text=True) == key.public_key_pem
    assert client.get("/verify/keys/certificate.pem").get_data(as_text=True) == certificate.pem
    assert client.get("/verify/keys/key.pem").status_code == 404


# At the start


@pytest.fixture
def own_files(tmp_path):
    """The department's own key and certificates as files, as an authority would hand them out."""
    DocumentKey(tmp_path, "Police Department").certified  # noqa: B018  (makes the files)
    return tmp_path / FOLDER / KEY, tmp_path / FOLDER / CHAIN


def started(settings, key, chain):
    open_stores(dataclasses.replace(settings, pdf_signing_key=key, pdf_signing_certificate=chain))


def test_the_departments_own_files_are_read_at_the_start(settings, own_files):
    started(settings, *own_files)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda key, chain: chain.write_text("no certificate"), "cannot be read"),
        (lambda key, chain: chain.write_text(""), "cannot be read"),
        (lambda key, chain: key.write_text("no key"), "cannot be read"),
        (lambda key, chain: key.chmod(0o644), "restrict it to mode 0600"),
        (lambda key, chain: chain.write_text("".join(reversed(parts(chain)))), "not that of the first certificate"),
        (lambda key, chain: chain.write_text(parts(chain)[0] * 2), "in no order"),
        (lambda key, chain: expire(key, chain), "is valid from"),
    ],
)
def test_files_that_could_sign_no_document_stop_the_start(settings, own_files, wrong, said):
    """The first report of the day must not be the one to tell."""
    wrong(*own_files)
    with pytest.raises(SettingsError) as caught:
        started(settings, *own_files)
    [line] = caught.value.faults
    assert line.startswith("PDF_SIGNING_CERTIFICATE: ") and said in line, line


def parts(chain):
    return [one + "-----END CERTIFICATE-----\n" for one in chain.read_text().split("-----END CERTIFICATE-----\n")[:-1]]


def expire(key, chain):
    """Put in place of the first certificate one of the same key that ended yesterday."""
    own = load_pem_private_key(key.read_bytes(), password=None)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Police Department")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=9))
        .not_valid_after(AT - timedelta(days=1))
        .sign(own, hashes.SHA256())
    )
    chain.write_bytes(made.public_bytes(Encoding.PEM))


def test_every_process_ends_with_one_line_for_them(own_files, tmp_path):
    key, chain = own_files
    key.chmod(0o644)
    own = {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(tmp_path / "data")}
    environ = os.environ | own | {"PDF_SIGNING_KEY": str(key), "PDF_SIGNING_CERTIFICATE": str(chain)}
    for command in (["-m", "flask", "--app", "wsgi", "policy", "check"], ["worker.py"]):
        ended = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120
        )
        assert ended.returncode == 2
        [line] = ended.stderr.splitlines()
        assert line.startswith("PDF_SIGNING_CERTIFICATE: Other accounts can read the key")
