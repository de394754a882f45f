"""Delivery into the case files: whole or not at all, once, never over something else, never outside."""

import grp
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.documents.approval import case_file
from app.documents.approval.case_file import Delivery, DirectoryCaseFiles, open_to, safe_name
from app.documents.approval.manifest import canonical_json, manifest, manifest_digest
from app.documents.errors import DeliveryConflict, DeliveryError
from tests.documents.approval.documents_facts import NOON, possible_match, verified

FACTS = possible_match()
DELIVERY = Delivery(FACTS.case_number, FACTS.report_number, b"%PDF-1.7 as if", manifest(FACTS), verified(FACTS).code)


class KeyOfTheTest:
    fingerprint = "ab" * 32

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


def files_below(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.mark.clause("ACC-10")
@pytest.mark.parametrize("opened", ["cases", "cases/2026-041-004512"])
@pytest.mark.parametrize("mode", [0o755, 0o751, 0o752])
def test_a_folder_open_to_others_is_given_nothing_bypass(tmp_path: Path, opened: str, mode: int) -> None:
    """Also where somebody opens one case's folder after the first delivery."""
    cases = DirectoryCaseFiles(tmp_path / "cases")
    (tmp_path / opened).mkdir(parents=True)
    for folder in (tmp_path / "cases", tmp_path / opened):
        folder.chmod(0o750)
    (tmp_path / opened).chmod(mode)
    with pytest.raises(DeliveryError, match=r"open to every account of the machine.*Nothing was written"):
        cases.deliver(DELIVERY)
    assert files_below(tmp_path) == []
    (tmp_path / opened).chmod(0o750)
    assert cases.deliver(DELIVERY).path


@pytest.mark.clause("ACC-10")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder to another group")
@pytest.mark.parametrize("opened", ["cases", "cases/2026-041-004512"])
@pytest.mark.parametrize("mode", [0o750, 0o710, 0o770, 0o720])
def test_a_folder_open_to_another_group_is_given_nothing_bypass(tmp_path: Path, opened: str, mode: int) -> None:
    """Only the group that the setting names reads along; it opens nothing to everybody else."""
    (tmp_path / opened).mkdir(parents=True)
    for folder in (tmp_path / "cases", tmp_path / opened):
        folder.chmod(0o750)
    other = next(one for one in grp.getgrall() if one.gr_gid not in (0, os.getegid()))
    os.chown(tmp_path / opened, -1, other.gr_gid)
    (tmp_path / opened).chmod(mode)
    for readers in ("", next(one.gr_name for one in grp.getgrall() if one.gr_gid not in (0, other.gr_gid))):
        with pytest.raises(DeliveryError, match=f"open to the group {other.gr_name}.*Nothing was written") as refused:
            DirectoryCaseFiles(tmp_path / "cases", readers=readers).deliver(DELIVERY)
        assert "\n" not in str(refused.value)
    assert files_below(tmp_path) == []
    assert DirectoryCaseFiles(tmp_path / "cases", readers=other.gr_name).deliver(DELIVERY).path
    (tmp_path / opened).chmod(mode | 0o004)
    with pytest.raises(DeliveryError, match="open to every account"):
        DirectoryCaseFiles(tmp_path / "cases", readers=other.gr_name).deliver(DELIVERY)


@pytest.mark.clause("ACC-10")
def test_a_closed_folder_of_another_group_is_no_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert open_to(tmp_path) is None and DirectoryCaseFiles(tmp_path).deliver(DELIVERY).path


@pytest.mark.clause("SRC-8", "SRC-7")
def test_pdf_and_manifest_arrive_with_a_receipt(tmp_path: Path) -> None:
    receipt = DirectoryCaseFiles(tmp_path / "cases", clock=lambda: NOON).deliver(DELIVERY)
    assert receipt.path == "2026-041-004512/R-2026-000012/R-2026-000012.pdf"
    assert receipt.at == NOON
    assert (tmp_path / "cases" / receipt.path).read_bytes() == DELIVERY.pdf
    told = json.loads((tmp_path / "cases" / receipt.path).with_name("manifest.json").read_bytes())
    assert told["pdf"] == {"name": "R-2026-000012.pdf", "sha256": receipt.sha256, "bytes": len(DELIVERY.pdf)}
    assert told["facts_sha256"] == manifest_digest(FACTS)
    assert canonical_json(told["facts"]) == DELIVERY.facts_manifest
    assert told["verification_code"] == DELIVERY.verification_code
    assert "signature" not in told
    assert files_below(tmp_path / "cases") == [
        receipt.path.replace("R-2026-000012.pdf", name) for name in ("R-2026-000012.pdf", "manifest.json")
    ]


def test_the_manifest_is_signed_over_all_it_says(tmp_path: Path) -> None:
    signer = KeyOfTheTest()
    receipt = DirectoryCaseFiles(tmp_path, signer).deliver(DELIVERY)
    told = json.loads((tmp_path / receipt.path).with_name("manifest.json").read_bytes())
    signature = told.pop("signature")
    assert signature["key"] == signer.fingerprint
    signer.key.public_key().verify(bytes.fromhex(signature["value"]), canonical_json(told))


def test_the_same_again_gives_the_same_receipt_and_changes_nothing(tmp_path: Path) -> None:
    first = DirectoryCaseFiles(tmp_path, clock=lambda: NOON).deliver(DELIVERY)
    before = {path: os.stat(tmp_path / path).st_mtime_ns for path in files_below(tmp_path)}
    again = DirectoryCaseFiles(tmp_path, clock=lambda: NOON + timedelta(days=1)).deliver(DELIVERY)
    assert again == first
    assert {path: os.stat(tmp_path / path).st_mtime_ns for path in files_below(tmp_path)} == before


@pytest.mark.parametrize("other", [{"pdf": b"%PDF-1.7 another"}, {"facts_manifest": b'{"other":1}'}])
def test_other_content_under_the_number_is_refused_and_the_first_stays(tmp_path: Path, other: dict) -> None:
    files = DirectoryCaseFiles(tmp_path)
    receipt = files.deliver(DELIVERY)
    with pytest.raises(DeliveryConflict, match="Another document"):
        files.deliver(replace(DELIVERY, **other))
    assert (tmp_path / receipt.path).read_bytes() == DELIVERY.pdf
    assert len(files_below(tmp_path)) == 2


def test_a_delivered_file_that_was_changed_since_is_noticed(tmp_path: Path) -> None:
    files = DirectoryCaseFiles(tmp_path)
    pdf = tmp_path / files.deliver(DELIVERY).path
    pdf.chmod(0o640)
    pdf.write_bytes(b"%PDF-1.7 forged")
    with pytest.raises(DeliveryConflict):
        files.deliver(DELIVERY)
    pdf.with_name("manifest.json").unlink()
    with pytest.raises(DeliveryConflict, match="damaged"):
        files.deliver(DELIVERY)


def test_workers_delivering_at_once_leave_one_report(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        receipts = set(pool.map(lambda _: DirectoryCaseFiles(tmp_path).deliver(DELIVERY), range(24)))
    assert len(receipts) == 1
    assert len(files_below(tmp_path)) == 2


def test_a_write_that_fails_leaves_nothing_and_the_retry_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = case_file._write

    def full_disk(path: Path, content: bytes) -> None:
        if path.name == case_file.MANIFEST_NAME:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(case_file, "_write", full_disk)
    with pytest.raises(DeliveryError, match="tried again"):
        DirectoryCaseFiles(tmp_path).deliver(DELIVERY)
    assert files_below(tmp_path) == []
    monkeypatch.setattr(case_file, "_write", real)
    DirectoryCaseFiles(tmp_path).deliver(DELIVERY)
    assert len(files_below(tmp_path)) == 2


@pytest.mark.parametrize("number", ["../../etc", "..", ".", "/etc/passwd", "a/../../b", "x\0y", "C:\\x", "~root"])
def test_no_number_leads_out_of_the_case_files(tmp_path: Path, number: str) -> None:
    root = tmp_path / "cases"
    receipt = DirectoryCaseFiles(root).deliver(replace(DELIVERY, case_number=number, report_number=number))
    assert (root / receipt.path).resolve().is_relative_to(root.resolve())
    assert len(Path(receipt.path).parts) == 3
    assert os.listdir(tmp_path) == ["cases"]


def test_a_link_in_place_of_a_case_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / safe_name(DELIVERY.case_number)).symlink_to(outside)
    with pytest.raises(DeliveryError, match="leads out"):
        DirectoryCaseFiles(tmp_path / "cases").deliver(DELIVERY)
    assert os.listdir(outside) == []


@given(st.lists(st.text(min_size=1, max_size=12).filter(str.strip), min_size=2, max_size=2, unique=True))
def test_two_numbers_never_share_a_name_even_where_case_is_ignored(numbers: list[str]) -> None:
    try:
        first, second = map(safe_name, numbers)
    except DeliveryError:
        return
    assert first.casefold() != second.casefold()


@pytest.mark.parametrize(
    ("first", "second"), [("ab", "AB"), ("A/B", "A%2FB"), ("1 ", "1"), ("a.b", "a_b"), ("é", "e\u0301")]
)
def test_numbers_that_look_alike_stay_apart(first: str, second: str) -> None:
    assert safe_name(first).casefold() != safe_name(second).casefold()


@pytest.mark.parametrize("number", ["", "   ", "9" * 300, "\ud800"])
def test_numbers_that_cannot_be_names_are_refused_with_a_sentence(number: str) -> None:
    with pytest.raises(DeliveryError, match=r"\.$"):
        safe_name(number)
