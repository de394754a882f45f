"""What has left the repository is served, sent and packed no more: one question, asked everywhere (CAP-3, EXT-7)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from app import audit
from app.access.actor import system_actor
from app.calendar import today
from app.domain import serving
from app.domain.disclosures import overview
from app.domain.disclosures import verbs as disclosures
from app.domain.disclosures.register import line_of
from app.domain.gallery import verbs as gallery
from app.domain.sealing import copies
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement
from app.extensions import db, stores
from app.models import (
    AuditEvent,
    GalleryHold,
    GalleryPhoto,
    LeftCopy,
    Notification,
    ProbeImage,
    ProbeResemblance,
    Report,
    SealedCopy,
    SealingOrder,
)
from app.models.base import Model, now
from app.policy import policy
from app.policy.refused import Refused
from app.storage import StorageError
from app.unit_of_work import Conflict, unit_of_work
from tests.disclosure_factory import disclose, refused, reported_data, settings  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models

pytestmark = [needs_models, pytest.mark.clause("CAP-3", "EXT-7")]
#: kinds of recipient who are given nothing of it
NOTHING = ("law_enforcement", "city_agency", "foil", "individual", "community", "media")


@pytest.fixture
def report(app) -> Report:
    """The possible match report of the prepared case."""
    return db.session.query(Report).filter_by(kind="possible_match").one()


def seal(*photos: GalleryPhoto) -> SealingOrder:
    records = tuple(photo.record_number for photo in photos)
    statement = OrderStatement("expunged", "IND-1", "Supreme Court", today(), records)
    return sealing.execute(statement, system_actor(), "command")[0]


def packed(disclosure) -> zipfile.ZipFile:
    package = disclosure.current_package
    return zipfile.ZipFile(io.BytesIO(stores().blobs.get(package.blob_id, disclosure.key_id, package.sha256)))


def test_a_report_is_known_by_the_photographs_it_prints(report, people):
    """Not by the person alone: a photograph that came later and left again is in no report of before."""
    shown = report.round.nominee.photo
    facts = json.loads(report.private["facts"])
    assert shown.sha256 in json.dumps(facts) and serving.left_at(report) is None
    seal(shown)
    assert serving.left_at(report) is not None
    refusal = serving.withheld_from(report, people.actor("d.lark"))
    assert refusal is not None and refusal.rule_id == policy().sealing.withheld.id
    for private in (shown.record_number, shown.person.person_number, "Sandpiper"):
        assert private not in refusal.reason, "the reason names nobody"
    for name in ("d.lark", "k.rowan", "c.hawthorn", "h.larch"):
        with pytest.raises(Refused):
            serving.clear(report, people.actor(name))
    for name in ("b.juniper", "y.hazel"):
        assert serving.clear(report, people.actor(name))
    withheld = db.session.query(AuditEvent).filter_by(event="document.withheld").count()
    assert withheld == 4, "each refusal is recorded"


def test_without_an_order_it_is_withheld_all_the_same(report, people):
    """Whatever the reason for which it left: nobody waits for an order to come."""
    with unit_of_work():
        gallery.remove(report.round.nominee.photo, "ineligible")
    with pytest.raises(Refused):
        serving.clear(report, people.actor("d.lark"))


def test_a_booking_photograph_that_was_submitted_as_a_probe_is_the_same_file_bypass(report, people):
    photo, image = report.round.nominee.photo, report.request.images[0]
    with unit_of_work():
        image.sha256 = photo.sha256
        audit.record("disclosure.saved", report.request, fields=[])
    seal(photo)
    with pytest.raises(Refused):
        serving.clear(image, people.actor("d.lark"))


@pytest.fixture
def copy_of_it(report) -> ProbeImage:
    """The probe of the prepared case, as the nominee's booking photograph saved again: other bytes."""
    return report.request.images[0]


def known_as_probe(photo, copy):
    """The booking photograph's own file was submitted as a probe too, and the check found the two the same."""
    other = ProbeImage(
        request=copy.request,
        submission=1,
        state="unreadable",
        media_type="image/jpeg",
        width=480,
        height=600,
        size=1,
        sha256=photo.sha256,
        blob_id="none",
    )
    db.session.add(other)
    db.session.flush()
    db.session.add(ProbeResemblance(image_id=other.id, earlier_id=copy.id))


def known_to_import(photo, copy):
    """Import held the booking photograph as the probe's, and a person admitted it."""
    held = GalleryHold(
        key_id=stores().keys.create(),
        batch="b",
        record_number="ARR-1",
        sha256=photo.sha256,
        blob_id="none",
        probe_image_id=copy.id,
        decision="admitted",
        decided_at=now(),
    )
    db.session.add(held)


@pytest.mark.parametrize("known", [known_as_probe, known_to_import])
def test_a_booking_photograph_saved_again_and_submitted_is_withheld_too_bypass(report, people, copy_of_it, known):
    """Other bytes of the same photograph, as far as a check or an import recorded it."""
    photo = report.round.nominee.photo
    with unit_of_work():
        known(photo, copy_of_it)
        audit.record("disclosure.saved", report.request, fields=[])
    assert serving.clear(copy_of_it, people.actor("d.lark"))
    seal(photo)
    with pytest.raises(Refused):
        serving.clear(copy_of_it, people.actor("d.lark"))
    another = next(one for one in db.session.query(ProbeImage) if one.request_id != report.request_id)
    assert [left is None for left in serving.left_among([copy_of_it, another])] == [False, True]


def test_a_kind_of_thing_whose_contents_nobody_stated_is_served_to_nobody(people):
    with pytest.raises(LookupError, match="nobody said what"):
        serving.clear(Notification(account_id=1, kind="approved"), people.actor("b.juniper"))
    assert all(issubclass(kind, Model) or kind.__tablename__ for kind in serving.CONTENTS)


@pytest.mark.parametrize("recipient", NOTHING)
def test_no_new_disclosure_of_it_to_whom_the_rule_gives_nothing(report, disclose, recipient):
    seal(report.round.nominee.photo)
    basis = policy().disclosure.recipients[recipient].bases[0]
    with refused("sealed_material_kept_back"):
        disclose("submitted", recipient=recipient, basis=basis)


@pytest.mark.parametrize("state", ["submitted", "approved", "released"])
def test_one_that_was_under_way_goes_no_further_bypass(report, disclose, people, state):
    """By waiting: asked for, decided or built before it left."""
    disclosure = disclose(state, recipient="media", basis="D6")
    seal(report.round.nominee.photo)
    step = {"submitted": disclose.decide, "approved": disclose.release, "released": disclose.fetch}[state]
    with refused("sealed_material_kept_back"):
        step(disclosure)


@pytest.mark.clause("EXT-2")
def test_the_prosecutor_is_given_its_line_in_the_inventory_without_waiting_for_an_order(report, disclose):
    with unit_of_work():
        gallery.remove(report.round.nominee.photo, "ineligible")
    disclosure = disclose("released")
    archive = packed(disclosure)
    assert f"reports/{report.number}.pdf" not in archive.namelist()
    line, against = json.loads(archive.read("manifest.json"))["withheld"]
    assert report.number in line["what"] and line["words"].startswith("withheld under ")
    assert against == {**line, "what": f"What contradicts the candidate of report {report.number}, with the answers"}
    [item] = [item for item in disclosure.items if item.report is report]
    assert disclosure.current_package.withheld == [item.uid] == [line["item"]]
    from app.documents import checks

    letter = "".join("".join(checks.page_texts(archive.read("cover-letter.pdf"))).split())
    assert "Whatisnotenclosed" in letter and "CriminalProcedureLaw160.50" in letter
    assert report.round.nominee.photo.record_number not in letter
    assert sum(name.startswith("reports/") for name in archive.namelist()) == 1, "the negative result is enclosed"


@pytest.mark.clause("EXT-2")
def test_a_package_built_before_it_left_is_not_fetched_and_another_is_built_without_bypass(report, disclose, people):
    disclosure, asker = disclose("released"), people.actor("d.lark")
    with unit_of_work():
        disclosures.begin_fetch(disclosure, asker, None)
    seal(report.round.nominee.photo)
    with refused("package_without_sealed"), unit_of_work():
        disclosures.fetch(disclosure, asker, None)
    refusal = disclosures.withheld(disclosure, asker, None)
    assert refusal is not None, "a transfer that was begun is cut off before its last piece"
    with unit_of_work():
        disclosures.reissue(disclosure, asker, "What left the repository is taken out.")
    disclose.build(disclosure)
    assert f"reports/{report.number}.pdf" not in packed(disclosure).namelist()
    disclose.parts["releaser"] = "d.lark"
    disclose.fetch(disclosure)
    assert disclosure.current_package.fetched_at is not None


def test_it_leaves_while_the_package_is_being_built_bypass(report, disclose, monkeypatch):
    """The package that was put together meanwhile is not kept."""
    from app.jobs.disclosures import documents as work

    disclosure, pack = disclose("releasing"), work.pack

    def slow(subject):
        made = pack(subject)
        seal(report.round.nominee.photo)
        return made

    monkeypatch.setattr(work, "pack", slow)
    disclose.run_jobs()
    db.session.refresh(disclosure)
    assert (disclosure.state, disclosure.packages) == ("approved", [])
    assert "has left the repository since it was put together" in disclosure.private["release_failure"]


def test_a_court_that_opens_it_is_served_by_a_records_officer_alone(report, disclose, people, monkeypatch):
    """A department whose counsel reads the law so may enclose the document; it does not pass through other hands."""
    rules = policy().sealing
    line = rules.material["sealed-line"]
    import msgspec

    opened = msgspec.structs.replace(line, treatment="document", words="")
    monkeypatch.setattr(type(rules), "for_recipient", lambda self, kind: opened)
    seal(report.round.nominee.photo)
    disclosure = disclose("released", releaser="p.aspen")
    assert f"reports/{report.number}.pdf" in packed(disclosure).namelist()
    with refused("package_without_sealed"), unit_of_work():
        disclosures.begin_fetch(disclosure, people.actor("d.lark"), None)
    disclose.fetch(disclosure)


@pytest.mark.clause("SRC-8", "EXT-8")
def test_delivered_copies_are_listed_their_holders_told_and_their_end_recorded(report, disclose, people, run_jobs):
    fetched = disclose("fetched", recipient="court", basis="D2")
    audit.viewed("report.downloaded", report.request, actor=people.actor("c.hawthorn"), report=report.number)
    round_, photo = report.round, report.round.nominee.photo
    faces = {"round": round_.uid, "faces": [photo.uid], "sha256": "0" * 64}
    audit.viewed("comparison.printed", report.request, actor=people.actor("k.rowan"), **faces)
    order = seal(photo)
    held = {(copy.kind, copy.about, copies.holder(copy)) for copy in order.copies}
    names = {name: people.account(name).titled.strip() for name in ("d.lark", "c.hawthorn", "k.rowan")}
    assert held == {
        ("case_file", report.request.number, names["d.lark"]),
        ("download", report.request.number, names["c.hawthorn"]),
        ("print", report.request.number, names["k.rowan"]),
        ("package", fetched.number, "The recipient of the disclosure"),
    }
    told = {row.account_id for row in db.session.query(Notification).filter_by(kind="sealing_copy")}
    assert told == {people.account(name).id for name in names}
    [package] = [copy for copy in order.copies if copy.kind == "package"]
    assert package.told_at is None and len(copies.open_copies(order)) == 4
    from app.domain.sealing import notices

    [letter] = [notice for notice in order.notices if notice.kind == "recipient"]
    with unit_of_work():
        notices.record(letter, people.actor("b.juniper"), letter.private["text"], "By post", sent=True)
    assert package.told_at is not None
    run_jobs()
    db.session.expire_all()
    assert order.state == "certified" and len(order.copies) == 4, "listed once"

    keeper, given = people.actor("b.juniper"), {"on": today().isoformat(), "how": "Handed back at the counter."}
    for end, wrong in (
        ("lost", given),
        ("returned", {**given, "how": "x"}),
        ("returned", {**given, "on": (today() + timedelta(days=1)).isoformat()}),
        ("returned", {**given, "on": (today() - timedelta(days=400)).isoformat()}),
        ("returned", {**given, "on": ""}),
    ):
        with refused("copy-answered"), unit_of_work():
            copies.answer(package, keeper, end, wrong)
    with refused("sealing.order"), unit_of_work():
        copies.answer(package, people.actor("y.hazel"), "returned", given)
    with unit_of_work():
        copies.answer(package, keeper, "returned", given)
    assert (package.ended, package.private["how"]) == ("returned", given["how"])
    with pytest.raises(Conflict), unit_of_work():
        copies.answer(package, keeper, "destroyed", given)


def test_a_photograph_that_nobody_received_leaves_no_copies(report, make):
    from demo.people import person

    [photo] = make.enrol([person(41)])
    assert seal(photo).copies == [] and db.session.query(SealedCopy).count() == 0


@pytest.mark.clause("SRC-8", "EXT-8")
@pytest.mark.parametrize("way", ["removed", "disposed"])
def test_copies_are_listed_without_an_order_too_bypass(report, disclose, people, way):
    """By another route: what is removed at its source, or disposed of, needs no order and leaves its copies out."""
    fetched, photo = disclose("fetched", recipient="court", basis="D2"), report.round.nominee.photo
    audit.viewed("report.downloaded", report.request, actor=people.actor("c.hawthorn"), report=report.number)
    with unit_of_work():
        copies.take_out([photo], {"removed": "ineligible", "disposed": gallery.DISPOSED}[way])
    held = {(copy.kind, copy.about, copies.holder(copy)) for copy in db.session.query(LeftCopy)}
    names = {name: people.account(name).titled.strip() for name in ("d.lark", "c.hawthorn")}
    assert held == {
        ("case_file", report.request.number, names["d.lark"]),
        ("download", report.request.number, names["c.hawthorn"]),
        ("package", fetched.number, "The recipient of the disclosure"),
    }
    told = {row.account_id for row in db.session.query(Notification).filter_by(kind="sealing_copy")}
    assert told == {people.account(name).id for name in names}
    assert db.session.query(Notification).filter_by(kind="copies_listed").count() == 1, "who keeps the list"
    others = [one for one in photo.person.photos if one.removed_at is None]
    if others:
        with unit_of_work():
            copies.take_out(others, "ineligible")
    assert db.session.query(LeftCopy).count() == 3, "listed once"


@pytest.mark.clause("SRC-8", "EXT-8")
def test_the_recipient_is_told_and_the_end_recorded_of_a_copy_without_an_order(report, disclose, people):
    disclose("fetched", recipient="court", basis="D2")
    with unit_of_work():
        copies.take_out([report.round.nominee.photo], "ineligible")
    [package] = [copy for copy in db.session.query(LeftCopy) if copy.kind == "package"]
    keeper = people.actor("b.juniper")
    assert report.number in copies.notice_to(package) and "[" not in copies.notice_to(package)
    with refused("reason_given"), unit_of_work():
        copies.tell_recipient(package, keeper, "-")
    with refused("sealing.order"), unit_of_work():
        copies.tell_recipient(package, people.actor("y.hazel"), "By registered letter")
    with unit_of_work():
        copies.tell_recipient(package, keeper, "By registered letter")
    assert package.told_at is not None and package.private["told"] == "By registered letter"
    with pytest.raises(Conflict), unit_of_work():
        copies.tell_recipient(package, keeper, "By registered letter")
    given = {"on": today().isoformat(), "how": "Handed back at the counter."}
    with unit_of_work():
        copies.answer(package, keeper, "destroyed", given)
    assert (package.ended, package.private["how"]) == ("destroyed", given["how"])
    names = [row.event for row in db.session.query(AuditEvent).order_by(AuditEvent.sequence)][-2:]
    assert names == ["sealing.copy_told", "sealing.copy_answered"]


def test_nothing_leaves_the_repository_beside_the_list_of_its_copies():
    """`remove` of the gallery is called where the copies are listed, and nowhere else."""
    root = Path(__file__).resolve().parents[3] / "app"
    callers = {
        path.relative_to(root).as_posix() for path in root.rglob("*.py") if "gallery.remove(" in path.read_text()
    }
    assert callers == {"domain/sealing/verbs.py", "domain/sealing/copies.py"}


@pytest.mark.clause("EXT-7", "CAP-3")
def test_after_it_left_there_is_a_way_out_for_whom_the_rule_gives_nothing(report, disclose, people, sign_in):
    """Built for the media and not fetched: it goes back for changes, or is withdrawn; nobody is told it is ready."""
    disclosure = disclose("released", recipient="media", basis="D6", decider="y.hazel")
    seal(report.round.nominee.photo)
    officer, asker = people.actor("y.hazel"), people.actor("d.lark")
    waiting = list(db.session.scalars(overview.waiting_for(officer)))
    assert disclosure in waiting and overview.task(disclosure, officer) == overview.STOPPED
    seen = sign_in("d.lark").get(f"/disclosures/{disclosure.number}").get_data(as_text=True)
    assert "nothing is handed out as it is" in seen and "it can be downloaded once" not in seen
    assert f"/disclosures/{disclosure.number}/withdraw" in seen and "Approved, and does not leave" in seen
    assert sign_in("y.hazel").get(f"/disclosures/{disclosure.number}/decide").status_code == 200
    with unit_of_work():
        disclosures.return_for_changes(disclosure, officer, "Ask for it again without what has left.")
    assert disclosure.state == "returned"
    with pytest.raises(StorageError):
        packed(disclosure)
    with unit_of_work():
        disclosures.withdraw(disclosure, asker, "The recipient is told that nothing of it leaves.")


@pytest.mark.clause("EXT-7", "CAP-3")
def test_what_was_fetched_neither_goes_back_nor_is_withdrawn_bypass(disclose, people):
    """By taking back: that it was handed out would vanish behind a state that says nothing left."""
    disclosure = disclose("fetched", recipient="court", basis="D2")
    for verb, name in ((disclosures.return_for_changes, "y.hazel"), (disclosures.withdraw, "d.lark")):
        with refused("nothing_fetched"), unit_of_work():
            verb(disclosure, people.actor(name), "It was a mistake to hand it out at all.")
        db.session.rollback()


@pytest.mark.clause("EXT-7", "CAP-3")
def test_decision_page_and_register_say_what_leaves_after_it_left(report, disclose, people, sign_in, run_jobs):
    from app.documents import checks

    disclosure = disclose("submitted", recipient="court", basis="D2")
    seal(report.round.nominee.photo)
    form = sign_in("y.hazel").get(f"/disclosures/{disclosure.number}/decide").get_data(as_text=True)
    assert "is named in the inventory, and not enclosed" in form
    disclose.decide(disclosure)
    decision = disclosure.current_decision
    pdf = stores().blobs.get(decision.document_blob_id, decision.key_id, decision.document_sha256)
    said = " ".join(" ".join(checks.page_texts(pdf)).split())
    assert said.count("Approved, and does not leave") == 1
    assert said.count("May leave") == len(disclosure.items) - 1
    assert line_of(disclosure)["items"] == str(len(disclosure.items) - 1)
    disclose.go_on(disclosure, "fetched", since="approved")
    assert line_of(disclosure)["items"] == str(len(disclosure.items) - 1)
    archive = packed(disclosure)
    withheld = json.loads(archive.read("manifest.json"))["withheld"]
    assert any(line["what"].startswith("What contradicts the candidate") for line in withheld)
    page = sign_in("y.hazel").get(f"/disclosures/{disclosure.number}").get_data(as_text=True)
    assert page.count("Approved, and does not leave") == 1 and "its receipt is to be recorded" in page


@pytest.mark.clause("EXT-7")
def test_what_the_recipient_is_given_nothing_of_is_not_proposed(report, disclose, sign_in):
    disclosure = disclose("submitted", recipient="media", basis="D6")
    seal(report.round.nominee.photo)
    form = sign_in("y.hazel").get(f"/disclosures/{disclosure.number}/decide").get_data(as_text=True)
    [gone] = [item for item in disclosure.items if item.report is report]
    from tests.web.markup import tree_of

    boxes = {box.get("value"): box.get("checked") for box in tree_of(form).xpath("//input[@name='included']")}
    assert boxes[gone.uid] is None and sum(mark is not None for mark in boxes.values()) == len(boxes) - 1
