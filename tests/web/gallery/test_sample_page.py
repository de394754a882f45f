"""The page on which a second person signs for an import: blind, in full, and by nobody else (CAP-3)."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import audit
from app.domain.algorithms import networks
from app.domain.gallery import sample_reminders, samples
from app.domain.gallery.intake_sources import source_of
from app.domain.gallery.verbs import remove
from app.extensions import db, stores
from app.jobs.gallery import import_workers
from app.models import AuditEvent, GalleryPhoto
from app.models.base import now
from app.unit_of_work import unit_of_work
from demo.accounts import load_accounts
from tests.events_and_notices import notified
from tests.noise_gallery import NoiseDetector, NoiseExtractor, record, write_records
from tests.unit.gallery.test_import_samples import COUNT, found, write_extract
from tests.web.page_reading import form_at, soup, text

pytestmark = pytest.mark.clause("CAP-3")
SECOND, OTHER, ADMINISTRATOR = "b.juniper", "p.aspen", "f.spruce"


@pytest.fixture
def of(app, people, monkeypatch, tmp_path):
    """An import of noise pictures whose sample waits."""
    people.account(SECOND)
    detector, extractor = NoiseDetector(), NoiseExtractor()
    monkeypatch.setattr(networks, "detector", lambda: detector)
    monkeypatch.setattr(networks, "extractor", lambda: extractor)
    return import_workers.run(source_of(write_records(tmp_path / "import", COUNT)))


@pytest.fixture
def at(of):
    return f"/samples/{of.uid}"


def source() -> dict[str, dict[str, str]]:
    return {record(n)["record_number"]: record(n) for n in range(COUNT)}


def answered(client, of, at, changes=None, **more):
    """The form as a careful person fills it in; `changes`: record number -> column -> what they enter instead."""
    form = form_at(client, at, f"{at}/sign", password=load_accounts().password)
    for photo in samples.drawn(of.samples[-1]):
        said = {**source()[photo.record_number], **(changes or {}).get(photo.record_number, {})}
        form |= {
            f"r{photo.uid}-{name}": said[name] for name in ("taken_on", "source", "charged", "jurisdiction", "status")
        }
    return {**form, **more}


def drawn_number(of) -> str:
    return samples.drawn(of.samples[-1])[0].record_number


def test_the_second_person_signs_on_the_page_and_is_not_told_what_the_list_says(of, at, sign_in):
    client = sign_in(SECOND)
    home = client.get("/")
    assert "imports waiting to be signed for" in text(home) and soup(home).select_one(f'a[href="{at}"]')
    assert "Waiting for a second person" in text(client.get("/samples"))
    page = client.get(at)
    said = text(page)
    for photo in samples.drawn(of.samples[-1]):
        assert photo.record_number in said and photo.private["source_record"] in said
        assert photo.taken_on.isoformat() not in page.get_data(as_text=True)
    assert not soup(page).select("option[selected][value]:not([value=''])"), "nothing is answered beforehand"
    assert found() == 0
    answer = client.post(f"{at}/sign", data=answered(client, of, at))
    assert answer.status_code == 303 and found() == COUNT
    after = text(client.get(at))
    assert "it is searched" in after and "As the list said" in after and "Date of the photograph: 20" in after
    assert of.samples[-1].signed_by.name == SECOND


def test_what_differs_is_looked_at_again_and_then_keeps_the_import_out(of, at, sign_in):
    client, number = sign_in(SECOND), drawn_number(of)
    wrong = {number: {"status": "sealed"}}
    first = client.post(f"{at}/sign", data=answered(client, of, at, wrong))
    assert first.status_code == 422 and of.samples[-1].verdict is None
    assert "Look at the source again" in text(first) and number in text(first)
    looked = soup(first).select_one("#answers form input[name=looked]")["value"]
    other = {number: {"status": "voided"}}
    changed = client.post(f"{at}/sign", data=answered(client, of, at, other, looked=looked))
    assert changed.status_code == 422, "another answer is looked at again too"
    signed = client.post(f"{at}/sign", data=answered(client, of, at, wrong, looked=looked))
    assert signed.status_code == 303 and of.samples[-1].verdict == "differs" and found() == 0
    page = text(client.get(at))
    assert "Differs Status of the record" in page and "not searched" in page and "Draw another sample" in page
    counted = [
        json.loads(keys)["differing"]
        for keys in db.session.scalars(
            select(AuditEvent.keys).where(AuditEvent.event == "gallery.sample_compared").order_by(AuditEvent.sequence)
        )
    ]
    assert counted == [1, 1, 1], "how often somebody tried is on record"
    photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == number)).one()
    again = form_at(client, at, f"{at}/draw-again", **{"draw-password": load_accounts().password})
    assert client.post(f"{at}/draw-again", data=again).status_code == 422, "the record that differs is still there"
    with unit_of_work():
        remove(photo, "ineligible")
    again = form_at(client, at, f"{at}/draw-again", **{"draw-password": load_accounts().password})
    assert client.post(f"{at}/draw-again", data=again).status_code == 303
    assert len(of.samples[-1].records) == COUNT - 1
    assert client.post(f"{at}/sign", data=answered(client, of, at)).status_code == 303 and found() == COUNT - 1


def test_a_slip_of_the_pen_is_mended_before_anything_is_signed(of, at, sign_in):
    client = sign_in(SECOND)
    slip = {drawn_number(of): {"taken_on": "2001-01-01"}}
    assert client.post(f"{at}/sign", data=answered(client, of, at, slip)).status_code == 422
    why = "The line below was read: the day is that of another record."
    assert client.post(f"{at}/sign", data=answered(client, of, at, reason=why)).status_code == 303
    assert found() == COUNT
    assert why in text(client.get(at))


def test_an_answer_changed_after_the_look_is_shown_and_needs_a_reason_bypass(of, at, sign_in, people, tmp_path):
    """On the page, by the extract beside it, and for whoever watches over the portal."""
    people.account("h.larch")
    client, number = sign_in(SECOND), drawn_number(of)
    client.post(f"{at}/sign", data=answered(client, of, at, {number: {"status": "sealed"}}))
    page = client.get(at)
    assert "Records that differed before" in text(page) and number in text(page)
    assert not soup(page).select("option[selected][value]:not([value=''])"), "which column differed is not told"
    answer = client.post(f"{at}/sign", data=answered(client, of, at))
    assert answer.status_code == 422 and "Write why, in at least 20 characters" in text(answer) and found() == 0
    file = write_extract(tmp_path / "extract.csv", source()).read_bytes()
    form = form_at(client, at, f"{at}/extract", **{"extract-password": load_accounts().password})
    sent = client.post(f"{at}/extract", data={**form, "extract-file": (io.BytesIO(file), "extract.csv")})
    assert sent.status_code == 422 and "Write why" in text(sent) and found() == 0
    why = "The sheet of the day before was read by mistake."
    form = form_at(client, at, f"{at}/extract", **{"extract-password": load_accounts().password})
    data = {**form, "extract-reason": why, "extract-file": (io.BytesIO(file), "extract.csv")}
    assert client.post(f"{at}/extract", data=data).status_code == 303 and found() == COUNT
    assert notified("sample_changed") == ["h.larch"]
    watch = sign_in("h.larch")
    assert 'href="/misuse"' in watch.get("/notifications").get_data(as_text=True)
    assert why in text(watch.get("/misuse"))


def test_an_extract_of_the_source_is_compared_as_well(of, at, sign_in, tmp_path):
    client = sign_in(SECOND)

    def send(data: bytes, name: str = "extract.csv"):
        form = form_at(client, at, f"{at}/extract", **{"extract-password": load_accounts().password})
        return client.post(f"{at}/extract", data={**form, "extract-file": (io.BytesIO(data), name)})

    good = write_extract(tmp_path / "extract.csv", source()).read_bytes()
    for data, name, said in (
        (b"", "", "Choose the file first."),
        (b"record_number\nN-1\n", "x.csv", "lacks the column"),
        (b"\xff\xfe\x00", "x.csv", "not UTF-8"),
        (good + good.splitlines(keepends=True)[1], "x.csv", "twice"),
        (b"x" * (2 * 1024 * 1024 + 1), "x.csv", "larger than 2 MB"),
    ):
        answer = send(data, name)
        assert answer.status_code == 422 and said in text(answer), said
    assert found() == 0
    assert send(good).status_code == 303 and found() == COUNT


# Ways around it --------------------------------------------------------------------------------------------


def test_half_answered_is_not_signed_bypass(of, at, sign_in):
    client = sign_in(SECOND)
    form = answered(client, of, at)
    for name in [name for name in form if name.startswith("r")]:
        for value in ("", " "):
            answer = client.post(f"{at}/sign", data={**form, name: value})
            assert answer.status_code == 422, name
    short = {name: value for name, value in form.items() if not name.startswith(f"r{of.samples[-1].records[0]}")}
    answer = client.post(f"{at}/sign", data=short)
    assert answer.status_code == 422 and "Say what the source has" in text(answer)
    assert found() == 0 and of.samples[-1].verdict is None


def test_no_such_record_differs_and_is_no_way_to_skip_one_bypass(of, at, sign_in):
    client, uid = sign_in(SECOND), of.samples[-1].records[0]
    form = answered(client, of, at, **{f"r{uid}-absent": "y"})
    first = client.post(f"{at}/sign", data=form)
    looked = soup(first).select_one("#answers form input[name=looked]")["value"]
    assert first.status_code == 422 and client.post(f"{at}/sign", data={**form, "looked": looked}).status_code == 303
    assert of.samples[-1].differing == {uid: []} and found() == 0
    assert "No such record in the source" in text(client.get(at))


def test_the_importer_signs_under_no_role_bypass(of, at, sign_in, change_person):
    assert sign_in(ADMINISTRATOR).get(at).status_code == 403
    form = answered(sign_in(SECOND), of, at)
    importer = sign_in(ADMINISTRATOR)
    token = soup(importer.get("/")).select_one("input[name=csrf_token]")["value"]
    assert importer.post(f"{at}/sign", data={**form, "csrf_token": token}).status_code == 403
    change_person(SECOND, groups=["records-officers", "administrators"])
    both = sign_in(SECOND)
    page = both.get(at)
    assert "Whoever may import signs for no import." in text(page) and not soup(page).select(
        f"form[action='{at}/sign']"
    )
    token = soup(both.get("/")).select_one("input[name=csrf_token]")["value"]
    answer = both.post(f"{at}/sign", data={**form, "csrf_token": token})
    assert answer.status_code == 422 and "Whoever may import signs for no import." in text(answer)
    assert found() == 0 and of.samples[-1].verdict is None


def test_the_password_signs_and_nothing_else(of, at, sign_in):
    client = sign_in(SECOND)
    answer = client.post(f"{at}/sign", data=answered(client, of, at, password="not it"))
    assert answer.status_code == 422 and "The password is wrong. Nothing was signed." in text(answer)
    assert found() == 0


def test_what_changed_since_the_page_was_made_is_not_signed_bypass(of, at, sign_in, people):
    """A record removed, or stated otherwise, after it was shown; a sample that somebody else signed."""
    client = sign_in(SECOND)
    form = answered(client, of, at)
    photo = samples.drawn(of.samples[-1])[0]
    with unit_of_work():
        photo.taken_on += timedelta(days=1)
        audit.record("gallery.removed", photo, record=photo.record_number, generation=1)
    assert client.post(f"{at}/sign", data=form).status_code == 409 and found() == 0
    form = answered(client, of, at, {photo.record_number: {"taken_on": photo.taken_on.isoformat()}})
    with unit_of_work():
        remove(photo, "ineligible")
    assert client.post(f"{at}/sign", data=form).status_code == 409 and found() == 0
    form = answered(client, of, at)
    assert client.post(f"{at}/sign", data=form).status_code == 303
    assert client.post(f"{at}/sign", data=form).status_code == 409, "signed once"


def test_a_photograph_whose_file_is_another_than_was_imported_is_not_signed_for_bypass(of, at, sign_in):
    client = sign_in(SECOND)
    form = answered(client, of, at)
    photo = samples.drawn(of.samples[-1])[0]
    other = stores().blobs.put(photo.key_id, b"another photograph")
    with unit_of_work():
        photo.blob_id = other.id
        audit.record("gallery.removed", photo, record=photo.record_number, generation=1)
    answer = client.post(f"{at}/sign", data=form)
    assert answer.status_code == 422 and "not as it was imported" in text(answer)
    assert found() == 0 and of.samples[-1].verdict is None


def test_waiting_reminds_those_who_may_sign_and_then_tells_others_bypass(of, at, sign_in, people, monkeypatch):
    """Lying long enough lets nothing in: it is told, each once, and after its days another sample is drawn."""
    for name in (OTHER, ADMINISTRATOR, "h.larch"):
        people.account(name)
    begun = of.samples[-1].drawn_at
    assert notified("sample_drawn") == [SECOND]

    def after(days: int) -> int:
        monkeypatch.setattr(sample_reminders, "now", lambda: begun + timedelta(days=days, minutes=1))
        return sample_reminders.remind_of_samples()

    assert after(3) == 0
    assert after(4) == len(notified("sample_due")) > 0 and SECOND in notified("sample_due")
    assert after(4) == after(8) == 0, "told twice"
    assert notified("sample_overdue") == []
    assert after(9) == 2 and notified("sample_overdue") == [ADMINISTRATOR, "h.larch"]
    assert found() == 0
    client = sign_in(SECOND)
    assert at in client.get("/notifications").get_data(as_text=True)
    with unit_of_work():
        of.samples[-1].drawn_at = now() - timedelta(days=14, minutes=1)
        audit.record("audit.anchored", sequence=0)
    late = client.get(at)
    assert "another sample is to be drawn" in text(late) and not soup(late).select(f"form[action='{at}/sign']")
    form = form_at(client, at, f"{at}/draw-again", **{"draw-password": load_accounts().password})
    assert client.post(f"{at}/draw-again", data=form).status_code == 303 and len(of.samples) == 2


def test_signed_samples_remind_nobody(of, at, sign_in, monkeypatch):
    client = sign_in(SECOND)
    client.post(f"{at}/sign", data=answered(client, of, at))
    monkeypatch.setattr(sample_reminders, "now", lambda: now() + timedelta(days=400))
    assert sample_reminders.remind_of_samples() == 0
