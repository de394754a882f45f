"""What a page says of what left the repository, to whom it is still served, and its delivered copies (CAP-3)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import io

import pytest

from app import audit
from app.calendar import today
from app.domain.gallery import verbs as gallery
from app.domain.sealing.copies import take_out
from app.extensions import db, stores
from app.extensions import settings as here
from app.models import LeftCopy, Report
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import disclose, reported_data, settings  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models
from tests.jobs.sealing.test_serving import report, seal  # noqa: F401  (a fixture)
from tests.web.page_reading import text

pytestmark = [needs_models, pytest.mark.clause("CAP-3", "EXT-7", "ACC-11")]
RULE = "which has left the repository is withheld from everybody"


def test_the_detective_no_longer_downloads_the_report_and_the_page_says_why(report, sign_in):
    client, address = sign_in("d.lark"), f"/reports/{report.number}"
    assert client.get(address).data.startswith(b"%PDF")
    photo = report.round.nominee.photo
    names = (photo.record_number, photo.person.person_number, photo.person.private["name"])
    seal(photo)
    answer = client.get(address)
    assert answer.status_code == 403 and RULE in text(answer) and "left the repository on" in text(answer)
    shown = client.get(f"/requests/{report.request.number}")
    assert "The report is withheld." in text(shown) and address not in shown.get_data(as_text=True)
    for name in names:
        assert name not in text(answer) and name not in text(shown), "the reason never repeats the name"


@pytest.mark.parametrize("name", ["k.rowan", "c.hawthorn"])
def test_nor_does_the_unit(report, sign_in, name):
    seal(report.round.nominee.photo)
    assert sign_in(name).get(f"/reports/{report.number}").status_code == 403


def test_an_item_of_a_disclosure_is_another_route_to_it_bypass(report, disclose, sign_in):
    disclosure = disclose("submitted")
    [item] = [item for item in disclosure.items if item.report is report]
    address = f"/disclosures/{disclosure.number}/items/{item.uid}"
    seal(report.round.nominee.photo)
    asker = sign_in("d.lark")
    assert asker.get(address).status_code == 403
    page = asker.get(f"/disclosures/{disclosure.number}")
    assert address not in page.get_data(as_text=True) and "left the repository on" in text(page)
    officer = sign_in("y.hazel")
    assert officer.get(address).data.startswith(b"%PDF"), "the privacy officer decides on what is seen"
    assert "Shows a photograph that has left the repository" in text(officer.get(f"/disclosures/{disclosure.number}"))
    assert "shows a photograph that has left the repository" in text(
        sign_in("d.lark").get(f"/disclosures/{disclose('draft').number}/edit")
    )


@pytest.mark.clause("SRC-8", "EXT-8")
def test_what_became_of_a_copy_is_recorded_on_the_page_of_the_order(report, sign_in, post):
    order = seal(report.round.nominee.photo)
    client, page = sign_in("b.juniper"), f"/retention/sealings/{order.number}"
    [copy] = order.copies
    shown = text(client.get(page))
    assert f"In the case folder: {report.number} of {report.request.number}" in shown and "Not answered" in shown
    address = f"/retention/sealing-copies/{copy.uid}"
    given = {"end": "destroyed", "on": today().isoformat(), "how": "Said so in a letter of today."}
    fields = {f"c{copy.id}-{name}": value for name, value in {**given, "version": str(copy.version)}.items()}
    for name, value, said in (
        ("end", "", "Choose what became of the copy."),
        ("on", "2999-01-01", "this date lies in the future"),
        ("how", "x", "“x” says nothing"),
    ):
        answer = post(client, address, {**fields, f"c{copy.id}-{name}": value}, page=page)
        assert answer.status_code == 422 and said in text(answer)
    assert post(client, address, fields, page=page).status_code == 303
    db.session.expire_all()
    assert (copy.ended, copy.ended_on) == ("destroyed", today())
    assert "Said so in a letter of today." in text(client.get(page))
    assert post(client, address, fields, page=page).status_code == 409


def test_the_policy_page_names_the_rule(sign_in):
    assert policy().sealing.withheld.text in text(sign_in("d.lark").get("/policy"))
    assert db.session.query(Report).count() > 0


PUBLIC = "something in it has left the repository"


def asked(client, post, code: str = "", file: bytes | None = None):
    sent = {"code": code} | ({"file": (io.BytesIO(file), "paper")} if file is not None else {})
    return post(client, "/verify", sent, content_type="multipart/form-data")


def packed(disclosure) -> bytes:
    package = disclosure.current_package
    return stores().blobs.get(package.blob_id, disclosure.key_id, package.sha256)


@pytest.mark.clause("SRC-8")
def test_the_public_check_says_that_a_report_is_withheld_and_nothing_of_whom_or_why(app, report, post):
    client, photo = app.test_client(), report.round.nominee.photo
    paper = (here().case_files_dir / report.receipt["path"]).read_bytes()
    said = text(asked(client, post, report.code))
    assert "was issued here and is in force" in said and PUBLIC not in said
    private = (photo.record_number, photo.person.person_number, photo.person.private["name"], "Sandpiper")
    seal(photo)
    for code, file in ((report.code, None), ("", paper), (report.code, paper)):
        answer = asked(client, post, code, file)
        said = text(answer)
        assert answer.status_code == 200 and "This report is withheld" in said and PUBLIC in said
        assert "Withheld" in said and "and is in force." not in said and "In force" not in said
        for word in (*private, report.request.case_number, report.request.number, "expunge", "Supreme Court", "IND-1"):
            assert word not in said, "neither whom nor why"


@pytest.mark.clause("SRC-8")
def test_without_an_order_the_public_check_says_the_same_bypass(app, report, post):
    with unit_of_work():
        gallery.remove(report.round.nominee.photo, "ineligible")
    said = text(asked(app.test_client(), post, report.code))
    assert PUBLIC in said and "ineligible" not in said


@pytest.mark.clause("SRC-8")
def test_a_package_is_checked_by_its_file_and_withheld_with_what_it_holds(app, report, disclose, post):
    client = app.test_client()
    file = packed(disclose("released", recipient="court", basis="D2"))
    assert asked(client, post, "", file).status_code == 404, "what was not handed out was not issued"
    file = packed(disclose("fetched", recipient="court", basis="D2"))
    said = text(asked(client, post, "", file))
    assert "This package was issued here and is in force. The file you chose is that package" in said
    assert asked(client, post, "", file + b"x").status_code == 404
    assert asked(client, post).status_code == 422
    seal(report.round.nominee.photo)
    said = text(asked(client, post, "", file))
    assert "This package is withheld" in said and PUBLIC in said and "and is in force." not in said


@pytest.mark.clause("SRC-8")
def test_a_recalled_report_makes_its_package_recalled(app, report, disclose, post):
    file = packed(disclose("fetched", recipient="court", basis="D2"))
    with unit_of_work():
        report.recalled_at, report.recalled_by_id = now(), report.request.requester_id
        audit.record("report.rendered", report, report=report.uid, sha256=report.sha256)
    assert "A report in this package was recalled" in text(asked(app.test_client(), post, "", file))


@pytest.mark.clause("SRC-8", "EXT-8")
def test_copies_without_an_order_have_a_page_of_their_own(report, disclose, sign_in, post):
    disclose("fetched", recipient="court", basis="D2")
    photo, page = report.round.nominee.photo, "/retention/copies"
    with unit_of_work():
        take_out([photo], "ineligible")
    client = sign_in("b.juniper")
    assert page in client.get("/retention/sealings").get_data(as_text=True)
    shown = text(client.get(page))
    assert f"In the case folder: {report.number}" in shown and "is no longer in the department" in shown
    assert "Sandpiper" not in shown and "ineligible" not in shown.replace("found ineligible", "")
    package = db.session.query(LeftCopy).filter_by(kind="package").one()
    told, address = f"/retention/copies/{package.uid}/told", f"/retention/copies/{package.uid}"
    fields = {f"t{package.id}-version": str(package.version), f"t{package.id}-how": ""}
    assert post(client, told, fields, page=page).status_code == 422
    assert post(client, told, fields | {f"t{package.id}-how": "By letter"}, page=page).status_code == 303
    db.session.expire_all()
    assert package.told_at is not None and "By letter" in text(client.get(page))
    given = {"version": str(package.version), "end": "kept", "on": today().isoformat(), "how": "Kept under part 245."}
    fields = {f"c{package.id}-{name}": value for name, value in given.items()}
    assert post(client, address, fields | {f"c{package.id}-end": ""}, page=page).status_code == 422
    assert post(client, address, fields, page=page).status_code == 303
    assert "Kept under part 245." in text(client.get(page))
    assert post(sign_in("y.hazel"), address, fields, page=page).status_code == 403
    assert "The recipient of the disclosure" in text(sign_in("y.hazel").get(page))
    assert sign_in("d.lark").get(page).status_code == 403
