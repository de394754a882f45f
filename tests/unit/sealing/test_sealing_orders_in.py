"""How orders come in: the watched folder, its files, what a kill leaves; the command line (CAP-3)."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from app.domain.sealing import order_files
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_files import OrderFault, read_orders
from app.extensions import db, stores
from app.factory import create_app
from app.models import GalleryPhoto, SealingOrder
from demo.people import person
from tests.drawn_gallery import needs_models

pytestmark = pytest.mark.clause("CAP-3")
TODAY = "2026-01-07"
TOML = f'kind = "sealed"\norder = "IND-1"\nauthority = "Criminal Court"\ndated = {TODAY}\nrecords = ["R-1"]\n'
CSV = "kind,order,authority,dated,record,person\n"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A watched folder whose files count as written at once."""
    monkeypatch.setattr(order_files, "SETTLED_SECONDS", -1.0)
    made = tmp_path / "orders"
    made.mkdir()
    return made


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *args: runner.invoke(args=[str(arg) for arg in args])


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def take(folder: Path) -> list[order_files.HandledFile]:
    return list(order_files.take(folder))


def lying(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# Files -----------------------------------------------------------------------------------------------------


def test_a_file_states_one_order_and_a_table_several(folder, app):
    [one] = read_orders(put(folder, "a.toml", TOML + 'person = "P-1"\nnote = "By courier"\n'))
    assert (one.kind, one.order_number, one.authority, str(one.dated), one.records, one.person_number, one.note) == (
        "sealed",
        "IND-1",
        "Criminal Court",
        TODAY,
        ("R-1",),
        "P-1",
        "By courier",
    )
    rows = f"sealed,IND-1,Court A,{TODAY},R-1,\nsealed,IND-1,Court A,{TODAY},R-2,\nvoided,IND-2,Court B,{TODAY},,P-9\n"
    first, second = read_orders(put(folder, "b.csv", CSV + rows))
    assert (first.records, first.person_number) == (("R-1", "R-2"), "")
    assert (second.kind, second.records, second.person_number) == ("voided", (), "P-9")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", "kind = ", "is not TOML"),
        ("a.toml", TOML + "colour = 'red'\n", "unknown key 'colour'"),
        ("a.toml", TOML.replace('"IND-1"', '""'), "The order's number is missing"),
        ("a.toml", TOML.replace('"IND-1"', "7"), "order is a text."),
        ("a.toml", TOML.replace('["R-1"]', '"R-1"'), "records is a list of texts"),
        ("a.toml", TOML.replace('["R-1"]', "[]"), "names neither a record nor a person"),
        ("a.toml", TOML.replace(TODAY, '"tomorrow"'), "The date of the order is missing"),
        ("a.toml", TOML.replace(TODAY, "2999-01-01"), "lies outside"),
        ("a.toml", "", "The kind is one of"),
        ("a.csv", "kind,order\nsealed,1\n", "The first line names the columns"),
        ("a.csv", CSV, "has no rows"),
        ("a.csv", CSV + "sealed,IND-1\n", "another number of fields"),
        ("a.csv", CSV + f"sealed,1,C,{TODAY},R-1,\nsealed,2,,{TODAY},R-2,\n", "Order 2 of the file: The court"),
        ("a.csv", CSV + 'sealed,"IND', "is not CSV"),
    ],
)
def test_a_faulty_file_is_refused_whole_with_its_reason_beside_it(folder, app, name, text, said):
    path = put(folder, name, text)
    with pytest.raises(OrderFault, match=r".*"):
        read_orders(path)
    [handled] = take(folder)
    assert said in handled.reason and "\n" not in handled.reason
    assert lying(folder) == [f"refused/{name}", f"refused/{name}.txt"]
    assert (folder / "refused" / f"{name}.txt").read_text() == handled.reason + "\n"
    assert db.session.query(SealingOrder).count() == 0


def test_bytes_that_are_no_text_and_files_too_large_are_refused(folder, app, monkeypatch):
    (folder / "a.toml").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setattr(order_files, "MAX_BYTES", 50)
    put(folder, "b.toml", TOML)
    reasons = [handled.reason for handled in take(folder)]
    assert any("is not UTF-8" in reason for reason in reasons) and any("larger than" in reason for reason in reasons)


def test_what_is_no_order_file_is_left_alone(folder, app, monkeypatch, tmp_path):
    outside = put(tmp_path, "outside.toml", TOML)
    (folder / "link.toml").symlink_to(outside)
    put(folder, "read.me", TOML), put(folder, ".hidden.toml", TOML), put(folder, "x.toml.part", TOML)
    assert take(folder) == []
    monkeypatch.setattr(order_files, "SETTLED_SECONDS", 60.0)
    put(folder, "young.toml", TOML)
    assert take(folder) == [], "it may still be being written"


@needs_models
def test_what_lies_there_is_carried_out_once_and_moves_away(folder, make):
    photos = make.enrol([person(7)], 2)
    records = ", ".join(f'"{photo.record_number}"' for photo in photos)
    text = TOML.replace('"R-1"', records)
    put(folder, "order.toml", text)
    [handled] = take(folder)
    assert handled.orders[0].startswith("SO-")
    db.session.expire_all()
    assert all(photo.removed_at is not None for photo in photos)
    order = db.session.query(SealingOrder).one()
    assert (order.way, order.received_by_id) == ("directory", None)
    put(folder, "order.toml", text)
    [again] = take(folder)
    assert again.orders == handled.orders and db.session.query(SealingOrder).count() == 1
    assert lying(folder) == ["done/order.toml", "done/order.toml.2"]


def _killed(settings, folder: str, where: str, settled: float) -> None:
    """In a process of its own: SIGKILL strikes inside the transaction, or after the commit and before the move."""
    order_files.SETTLED_SECONDS = settled
    owner, name = {"inside": (sealing, "draft"), "after": (order_files, "_move")}[where]
    setattr(owner, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with create_app(settings).app_context():
        take(Path(folder))


@needs_models
@pytest.mark.timeout(180)
@pytest.mark.parametrize("where", ["inside", "after"])
@pytest.mark.long
def test_killed_half_way_it_is_carried_out_once_by_the_next_look(folder, make, settings, where):
    [photo] = make.enrol([person(7)])
    put(folder, "order.toml", TOML.replace("R-1", photo.record_number))
    db.session.rollback()
    process = multiprocessing.get_context("spawn").Process(target=_killed, args=(settings, str(folder), where, -1.0))
    process.start()
    process.join(90)
    assert process.exitcode == -signal.SIGKILL
    db.session.rollback()
    assert (photo.removed_at is None) is (where == "inside"), "whole or not at all"
    assert lying(folder) == ["order.toml"]
    [handled] = take(folder)
    db.session.expire_all()
    assert photo.removed_at is not None and db.session.query(SealingOrder).count() == 1
    assert stores().keys.is_destroyed(photo.key_id)
    assert handled.orders == (db.session.query(SealingOrder).one().number,) and lying(folder) == ["done/order.toml"]


# Command line ----------------------------------------------------------------------------------------------


def one_line(result) -> str:
    assert result.exit_code == 1, result.output
    [line] = [line for line in result.stderr.splitlines() if line]
    assert line.startswith("Error: ") and "Traceback" not in result.output
    return line


GIVEN = ("--order", "IND-1", "--authority", "Criminal Court", "--dated", TODAY)


@needs_models
def test_seal_says_how_long_it_took_and_certifies(run, make, tmp_path):
    first, second = make.enrol([person(7)], 2)
    record = first.record_number
    preview = run("gallery", "seal", record, "R-absent", *GIVEN, "--preview")
    assert preview.exit_code == 0 and "1 photographs would leave" in preview.stdout
    assert "R-absent: not held here" in preview.stdout and first.removed_at is None
    result = run("gallery", "seal", record, "R-absent", *GIVEN)
    assert result.exit_code == 0, (result.output, result.exception)
    assert "1 photographs out of the repository and unreadable after 0." in result.stdout
    assert "R-absent: not held here" in result.stdout and "certificate " in result.stdout
    again = run("gallery", "seal", record, "R-absent", *GIVEN)
    assert again.exit_code == 0 and "this order was carried out on" in again.stdout
    db.session.expire_all()
    assert db.session.query(SealingOrder).one().state == "certified"
    table = put(tmp_path, "records.csv", f"record_number\n{second.record_number}\n")
    assert run("gallery", "seal", "--csv", table, *GIVEN).exit_code == 0
    assert db.session.query(GalleryPhoto).filter(GalleryPhoto.removed_at.is_(None)).count() == 0


def test_an_order_without_its_reference_is_refused_in_one_line(run, tmp_path):
    assert "The order's number is missing" in one_line(run("gallery", "seal", "R-1"))
    assert "The kind is one of" in one_line(run("gallery", "seal", "R-1", *GIVEN, "--kind", "tidied"))
    assert "names neither" in one_line(run("gallery", "seal", *GIVEN))
    assert "no column record_number" in one_line(
        run("gallery", "seal", "--csv", put(tmp_path, "x.csv", "a\n1\n"), *GIVEN)
    )
    assert "cannot be read" in one_line(run("gallery", "seal", "--csv", tmp_path / "absent.csv", *GIVEN))
    assert "There is no folder" in one_line(run("gallery", "watch-orders", tmp_path / "none", "--once"))


def test_one_look_at_the_folder_ends_with_1_when_a_file_was_refused(run, folder):
    put(folder, "good.toml", TOML)
    good = run("gallery", "watch-orders", folder, "--once")
    assert good.exit_code == 0 and "good.toml: SO-" in good.stdout, (good.output, good.exception)
    put(folder, "bad.toml", "kind = 1")
    bad = run("gallery", "watch-orders", folder, "--once")
    assert bad.exit_code == 1 and "bad.toml: refused. " in bad.stdout and "1 files were refused" in bad.stderr


@needs_models
def test_rekey_takes_apart_what_earlier_versions_kept_under_one_key(run, make):
    from tests.unit.sealing.test_sealing import _share_the_persons_key

    photo, _ = make.enrol([person(7)], 2)
    assert "has a key of its own" in run("gallery", "rekey").stdout
    _share_the_persons_key(photo.person)
    result = run("gallery", "rekey")
    assert result.exit_code == 0 and "2 photographs were given keys of their own." in result.stdout
    assert "has a key of its own" in run("gallery", "rekey").stdout
