"""A second person compares a drawn sample of each import with its sources; until then no search sees it (CAP-3)."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import audit
from app.domain.algorithms import networks
from app.domain.gallery import imports, samples
from app.domain.gallery.intake_sources import source_of
from app.domain.gallery.repository_index import RepositoryIndex, next_generation
from app.domain.gallery.verbs import remove
from app.extensions import db
from app.jobs.gallery import import_workers
from app.models import AuditEvent, GalleryImport, GalleryPhoto, ImportSample, Template
from app.models.base import now
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.accounts import load_accounts
from tests.events_and_notices import events, notified
from tests.noise_gallery import DIMS, NoiseDetector, NoiseExtractor, record, write_records

pytestmark = pytest.mark.clause("CAP-3")
COUNT = 24


@pytest.fixture
def of(app, monkeypatch, tmp_path):
    """An import of some noise pictures that ran to its end."""
    detector, extractor = NoiseDetector(), NoiseExtractor()
    monkeypatch.setattr(networks, "detector", lambda: detector)
    monkeypatch.setattr(networks, "extractor", lambda: extractor)
    return import_workers.run(source_of(write_records(tmp_path / "import", COUNT)))


@pytest.fixture
def officer(people):
    return people.actor("b.juniper")


def extract(**changes):
    """What the booking system says, by record number; `changes` of every record."""
    return {record(n)["record_number"]: {**record(n), **changes} for n in range(COUNT)}


def found() -> int:
    """How many photographs a search looks through, as every worker brings its index up to date."""
    index = RepositoryIndex.empty(networks.extractor().digest, DIMS)
    index.refresh()
    return len(index.index)


def sign(of, actor, said, reason=""):
    with unit_of_work():
        return samples.sign(of, actor, said, reason).verdict


def drawn(of) -> tuple[str, str]:
    """Return the number and the reference of a drawn record."""
    photo = samples.drawn(of.samples[-1])[0]
    return photo.record_number, photo.uid


def refused(act, *given) -> str:
    with pytest.raises(Refused) as caught, unit_of_work():
        act(*given)
    assert caught.value.rule_id in ("import-sample", "gallery.sample")
    return caught.value.detail


def test_an_import_is_searched_from_the_signature_on(of, officer):
    assert of.tally == {"enrolled": COUNT} and len(of.samples[-1].records) == policy().gallery.sample.least
    assert found() == 0
    assert sign(of, officer, extract()) == "agrees"
    assert found() == COUNT
    assert "it is searched" in samples.standing(of)
    [event] = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "gallery.sample_signed"))
    assert event.actor_id == officer.id and json.loads(event.keys)["verdict"] == "agrees"
    assert db.session.scalars(select(ImportSample)).one().policy_version == policy().version


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "license"},
        {"charged": "no"},
        {"jurisdiction": "family"},
        {"status": "sealed"},
        {"source_record": "ARR-9999999"},
        {"taken_on": "2001-01-01"},
    ],
)
def test_one_record_that_differs_keeps_the_whole_import_out(of, officer, wrong):
    said = extract()
    number, uid = drawn(of)
    said[number] |= wrong
    assert sign(of, officer, said) == "differs"
    assert of.samples[-1].differing == {uid: list(wrong)}
    assert found() == 0 and "it is not searched" in samples.standing(of)


def test_a_record_that_the_source_does_not_have_differs(of, officer):
    said = extract()
    del said[drawn(of)[0]]
    assert sign(of, officer, said) == "differs" and found() == 0


def test_another_change_of_the_repository_counts_nothing_that_waits_bypass(of):
    """Neither a removal nor templates of another run lets it in by the back door."""
    photo = db.session.scalars(select(GalleryPhoto)).first()
    with unit_of_work():
        remove(photo, "ineligible")
    with unit_of_work():
        next_generation()
        audit.record("gallery.embedded", algorithm="d", photos=0)
    assert found() == 0
    assert db.session.scalar(select(func.count(Template.id)).where(Template.since.is_not(None))) == 0


def test_drawing_until_a_sample_agrees_is_no_way_in_bypass(of, officer):
    """After a difference everything that is left is compared, once the records that differ are out."""
    first = drawn(of)
    said = extract()
    said[first[0]]["charged"] = "no"
    sign(of, officer, said)
    assert "signed already" in refused(samples.sign, of, officer, extract())
    assert first[0] in refused(samples.draw_again, of, officer)
    photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == first[0])).one()
    with unit_of_work():
        remove(photo, "ineligible")
    with unit_of_work():
        samples.draw_again(of, officer)
    assert len(of.samples) == 2 and len(of.samples[-1].records) == COUNT - 1
    assert sign(of, officer, extract()) == "agrees" and found() == COUNT - 1
    assert of.samples[0].verdict == "differs", "the first comparison stays on record"


def test_waiting_is_no_way_in_either_bypass(of, officer):
    """An overdue sample is signed no more, and the import stays out; another one is drawn."""
    with unit_of_work():
        of.samples[-1].drawn_at -= timedelta(days=policy().gallery.sample.days, minutes=1)
        audit.record("audit.anchored", sequence=0)
    assert "draw another" in refused(samples.sign, of, officer, extract())
    assert found() == 0 and "not searched" in samples.standing(of)
    with unit_of_work():
        samples.draw_again(of, officer)
    assert len(of.samples[-1].records) == policy().gallery.sample.least
    assert sign(of, officer, extract()) == "agrees"


def overdue(of):
    with unit_of_work():
        of.samples[-1].drawn_at = now() - timedelta(days=15)
        audit.record("audit.anchored", sequence=0)


#: one different word for each ten characters and more
WHY = "Line eleven of the booking sheet was taken for line twelve."


def test_a_difference_that_was_looked_at_is_waited_away_by_nobody_bypass(of, officer):
    """The next sample is everything, however often the time runs out; the record that differed is on it."""
    said = extract()
    number, uid = drawn(of)
    said[number] |= {"charged": "no"}
    assert samples.compared(of, officer, said) == {uid: ["charged"]}
    for _ in range(2):
        overdue(of)
        assert "everything is to be drawn" in samples.standing(of)
        with unit_of_work():
            samples.draw_again(of, officer)
        assert len(of.samples[-1].records) == 24, "all of the import"
        assert [photo.uid for photo in samples.looked_at(of)] == [uid]
    assert "1 record differed at a look" in samples.standing(of)
    assert sign(of, officer, said) == "differs" and found() == 0


def test_an_answer_changed_after_the_look_needs_a_reason_and_is_told_bypass(of, officer, people):
    people.account("h.larch")
    said = extract()
    number, uid = drawn(of)
    said[number] |= {"charged": "no"}
    samples.compared(of, officer, said)
    for reason in ("", "   ", "As discussed, as before, as above, as known.", "Line twelve misread"):
        assert number in refused(samples.sign, of, officer, extract(), reason)
    assert found() == 0 and of.samples[-1].verdict is None and notified("sample_changed") == []
    assert sign(of, officer, extract(), WHY) == "agrees" and found() == COUNT
    assert (of.samples[-1].looked, of.samples[-1].private["reason"]) == ({uid: ["charged"]}, WHY)
    assert "An answer had differed before" in samples.standing(of)
    assert notified("sample_changed") == ["h.larch"]
    [event] = events("gallery.sample_changed")
    assert (event["changed"], len(event["people"])) == (1, 1)
    assert samples.changed_answers() == [of.samples[-1]]


@pytest.mark.parametrize(("reason", "enough"), [("Line twelve misread", False), ("Line twelve misread.", True)])
def test_a_reason_has_twenty_characters(of, officer, reason, enough):
    assert len(reason) == (20 if enough else 19)
    said = extract()
    said[drawn(of)[0]] |= {"charged": "no"}
    samples.compared(of, officer, said)
    if enough:
        assert sign(of, officer, extract(), reason) == "agrees"
    else:
        assert "at least 20 characters" in refused(samples.sign, of, officer, extract(), reason)


def test_another_sample_in_between_forgets_no_look_bypass(of, officer):
    """Looked at, waited, drawn anew, and answered as the list says: the reason is asked for all the same."""
    said = extract()
    number, _ = drawn(of)
    del said[number]
    samples.compared(of, officer, said)
    overdue(of)
    with unit_of_work():
        samples.draw_again(of, officer)
    assert number in refused(samples.sign, of, officer, extract())
    assert sign(of, officer, extract(), WHY) == "agrees"


def test_a_record_that_was_looked_at_and_left_is_explained_by_nobody(of, officer):
    said = extract()
    number, _ = drawn(of)
    said[number] |= {"status": "sealed"}
    samples.compared(of, officer, said)
    with unit_of_work():
        remove(db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == number)).one(), "sealed")
    assert sign(of, officer, extract()) == "agrees" and found() == COUNT - 1


def test_a_sample_that_waits_is_not_exchanged_for_an_easier_one_bypass(of, officer):
    assert "waits for its signature" in refused(samples.draw_again, of, officer)


def test_whoever_imports_signs_for_nothing_bypass(of, people, change_person):
    assert "Records officer" in refused(samples.sign, of, people.actor("f.spruce"), extract())
    change_person("b.juniper", groups=["records-officers", "administrators"])
    both = people.actor("b.juniper")
    if "gallery.imports" not in both.capabilities:
        pytest.fail("the directory did not give both roles")
    assert refused(samples.sign, of, both, extract()) == "Whoever may import signs for no import."
    assert found() == 0


def test_splitting_an_import_makes_no_smaller_sample_bypass(app):
    """Small imports are compared whole, large ones by their share."""
    rule = policy().gallery.sample
    assert [samples.size(n) for n in (1, rule.least, rule.least + 1)] == [1, rule.least, rule.least]
    assert samples.size(1000) == 20 and samples.size(10**6) == rule.most
    assert sum(samples.size(100) for _ in range(10)) >= samples.size(1000)


def test_an_import_of_an_earlier_version_has_no_sample_and_is_searched(of):
    with unit_of_work() as rows:
        for sample in of.samples:
            rows.delete(sample)
        next_generation()
        audit.record("gallery.embedded", algorithm="d", photos=0)
    assert found() == COUNT


def test_what_entered_before_a_list_was_changed_is_signed_for_too(app, officer, monkeypatch, tmp_path):
    detector, extractor = NoiseDetector(), NoiseExtractor()
    monkeypatch.setattr(networks, "detector", lambda: detector)
    monkeypatch.setattr(networks, "extractor", lambda: extractor)
    monkeypatch.setattr(imports, "CHUNK_ROWS", 5)
    folder = write_records(tmp_path / "import", COUNT)

    def stop(so_far):
        if so_far.done >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_workers.run(source_of(folder), stop)
    later = import_workers.run(source_of(write_records(tmp_path / "import", COUNT - 1)))
    earlier = db.session.scalars(select(GalleryImport).where(GalleryImport.state == "replaced")).one()
    assert earlier.samples[-1].records
    assert sign(later, officer, extract()) == "agrees" and found() < COUNT - 1
    assert sign(earlier, officer, extract()) == "agrees" and found() == COUNT - 1


# On the command line


@pytest.fixture
def run(app, officer):
    runner = app.test_cli_runner()
    return lambda *args, given="": runner.invoke(args=["gallery", *map(str, args)], input=given)


def write_extract(path, said):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(record(0)))
        writer.writeheader()
        writer.writerows(said.values())
    return path


def test_the_second_person_signs_with_their_password(of, run, tmp_path):
    path = write_extract(tmp_path / "extract.csv", extract())
    told = run("sample", of.uid)
    assert told.exit_code == 0 and len(told.stdout.splitlines()) == 1 + policy().gallery.sample.least
    assert "arrest" not in told.stdout, "whoever compares is not told what the list says"
    wrong = run("sign", of.uid, path, "--by", "b.juniper", given="not it\n")
    assert wrong.exit_code == 1 and "does not accept this name and password" in wrong.stderr and found() == 0
    signed = run("sign", of.uid, path, "--by", "b.juniper", given=f"{load_accounts().password}\n")
    assert signed.exit_code == 0, signed.output
    assert "it is searched" in signed.stdout and "it is searched" in run("samples").stdout
    assert found() == COUNT


def test_what_differs_is_named_and_the_command_fails(of, run, tmp_path):
    said = extract()
    number, _ = drawn(of)
    said[number]["status"] = "sealed"
    path = write_extract(tmp_path / "extract.csv", said)
    result = run("sign", of.uid, path, "--by", "b.juniper", given=f"{load_accounts().password}\n")
    assert result.exit_code == 1 and f"{number}: status" in result.stderr and "not searched" in result.stderr


def test_bad_input_is_told_in_one_line(of, run, tmp_path):
    password = f"{load_accounts().password}\n"
    (tmp_path / "short.csv").write_text("record_number\nN-1\n")
    for args, said in (
        (("sign", of.uid, tmp_path / "absent.csv", "--by", "b.juniper"), "cannot be read"),
        (("sign", of.uid, tmp_path / "short.csv", "--by", "b.juniper"), "lacks the column"),
        (("sign", "nothing", tmp_path / "short.csv", "--by", "b.juniper"), "There is no import nothing"),
        (("draw-again", of.uid, "--by", "b.juniper"), "waits for its signature"),
    ):
        result = run(*args, given=password)
        assert result.exit_code == 1 and result.stderr.splitlines()[-1].startswith("Error: ") and said in result.stderr
