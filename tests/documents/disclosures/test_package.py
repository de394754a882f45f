"""The package of a disclosure, unpacked and checked by the programs its recipient has (EXT-2, EXT-7)."""

import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from app.documents.approval.manifest import canonical_json
from app.documents.disclosures.package import Package, PackedFile, build_package
from app.documents.errors import PackageError
from app.storage.signing import Signer, verify_with

LIMIT = 10 * 1024 * 1024
FILES = (
    PackedFile("reports/R-2026-000012.pdf", b"%PDF-1.7 a report" * 50, "Possible match report", "R-2026-000012"),
    PackedFile("originals/FR-2026-000034-1.jpg", bytes(range(256)) * 40, "Image as submitted", "ab" * 16),
    PackedFile("cover-letter.pdf", b"%PDF-1.7 a letter", "Cover letter"),
    PackedFile("decision.pdf", b"%PDF-1.7 a decision", "Written decision"),
)
ABOUT = {"disclosure": "D-2026-000004", "package": 1}
pytestmark = pytest.mark.clause("EXT-7")


def package(*files: PackedFile, signer: Signer | None = None) -> Package:
    return build_package(files or FILES, ABOUT, signer, LIMIT)


def unpacked(made: Package, where: Path) -> Path:
    """The package as its recipient unpacks it."""
    if shutil.which("unzip") is None or shutil.which("sha256sum") is None:
        pytest.skip("unzip and sha256sum are not on this machine")
    zipped, folder = where / "D-2026-000004.zip", where / "unpacked"
    zipped.write_bytes(made.content)
    subprocess.run(["unzip", "-q", str(zipped), "-d", str(folder)], check=True, timeout=60)
    return folder


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    return subprocess.run(command, cwd=folder, check=False, timeout=60, capture_output=True, text=True)


@pytest.mark.clause("EXT-2")
def test_sha256sum_reports_every_file_as_ok_and_no_file_is_unlisted(tmp_path: Path) -> None:
    made = package()
    folder = unpacked(made, tmp_path)
    result = checked(folder)
    assert result.returncode == 0, result.stderr
    listed = {line.rsplit(": ", 1)[0] for line in result.stdout.splitlines() if line.endswith(": OK")}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == listed | {"SHA256SUMS"}
    assert {file.path for file in FILES} <= listed
    assert hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest() == made.sums_sha256


def test_a_changed_and_an_absent_file_are_found(tmp_path: Path) -> None:
    folder = unpacked(package(), tmp_path)
    (folder / "decision.pdf").write_bytes(b"another decision")
    assert "decision.pdf: FAILED" in checked(folder).stdout
    (folder / "decision.pdf").unlink()
    assert checked(folder).returncode != 0


def test_the_manifest_is_signed_and_lists_what_is_there(tmp_path: Path) -> None:
    signer = Signer(tmp_path)
    with zipfile.ZipFile(_as_file(package(signer=signer), tmp_path)) as archive:
        stated = json.loads(archive.read("manifest.json"))
        listed = {entry["path"]: entry["sha256"] for entry in stated["files"]}
        assert listed == {f.path: hashlib.sha256(archive.read(f.path)).hexdigest() for f in FILES}
    signature = stated.pop("signature")
    assert signature["key"] == signer.fingerprint
    assert verify_with(signer.public_key_pem, canonical_json(stated), bytes.fromhex(signature["value"]))
    stated["package"] = 2
    assert not verify_with(signer.public_key_pem, canonical_json(stated), bytes.fromhex(signature["value"]))


def test_the_same_files_in_any_order_give_the_same_bytes() -> None:
    assert package(*reversed(FILES)).content == package().content


def _as_file(made: Package, where: Path) -> Path:
    path = where / "package.zip"
    path.write_bytes(made.content)
    return path


@pytest.mark.parametrize(
    "path",
    [
        "../outside.pdf",
        "/etc/passwd",
        "originals/../../x",
        "originals/a b.jpg",
        "reports/-rf",
        "reports/.hidden",
        "originals/Ünlü.jpg",
        "other/x.pdf",
        "manifest.json",
        "SHA256SUMS",
        "",
        "originals/",
        "a\\b",
        "x\ny",
        "originals/" + "a" * 101,
    ],
)
def test_names_that_are_not_plain_are_refused(path: str) -> None:
    with pytest.raises(PackageError, match="cannot hold"):
        package(*FILES, PackedFile(path, b"x", "x"))


def test_a_package_is_neither_empty_nor_too_large_nor_ambiguous() -> None:
    with pytest.raises(PackageError, match="at least one"):
        package(*FILES[2:])
    with pytest.raises(PackageError, match="same name"):
        package(*FILES, PackedFile("Decision.pdf", b"x", "x"))
    large = PackedFile("originals/large.jpg", bytes(LIMIT + 1), "Image as submitted")
    with pytest.raises(PackageError, match="10 MB"):
        package(large)
    barely = PackedFile("originals/large.jpg", bytes(LIMIT), "Image as submitted")
    with pytest.raises(PackageError, match="10 MB"):
        package(barely)
