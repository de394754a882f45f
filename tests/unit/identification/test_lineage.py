"""Searched before: how searches are related, what is told of them, and who agrees to another (AUD-1)."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app import audit
from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.domain.gallery import look_alikes, resemblance
from app.domain.gallery.look_alikes import ProbeComparison
from app.domain.identification import lineage, repeats
from app.domain.identification import verbs as identification
from app.domain.matters import links
from app.domain.matters.photographs import of_same_photograph
from app.extensions import db, stores
from app.jobs.requests import images as checks
from app.matching.extractor import TemplateExtractor
from app.models import CaseNumber, DetectedFace, Job, ProbeResemblance, RepeatSearch
from app.models.base import now
from app.policy import policy
from app.policy.refused import Refused
from app.storage import unmasked
from app.unit_of_work import unit_of_work
from app.workflow import explain
from tests.events_and_notices import events
from tests.request_factory import picture
from tests.sql_statements import queries, recorded

pytestmark = pytest.mark.clause("AUD-1")
OTHER_CASE = "2026-075-09999"


def recompressed(data: bytes, quality: int = 60) -> bytes:
    """The same photograph in other bytes."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.fixture
def searched(make):
    """A finished search of drawn person 7."""
    return make.request(state="searched")


def prepared(make, *, seed: int = 7, case_number: str = OTHER_CASE):
    """Another request with its probe selected."""
    return make.request(state="probe_selected", seed=seed, case_number=case_number)


def filed_with(make, data: bytes):
    """Another request whose only image is `data`, its probe selected."""
    request = make.request(state="draft", case_number=OTHER_CASE, images=0)
    make.image(request, data)
    return make.advance_to(request, "probe_selected")


def related(request) -> list[tuple[str, ...]]:
    return [earlier.related_by for earlier in lineage.earlier_searches(request.current_search)]


def start(make, request):
    actor = make.people.actor("k.rowan")
    with unit_of_work():
        return identification.start_search(request, actor, algorithms.status(today()))


def test_the_same_file_in_another_case_is_recognized(make, searched):
    assert related(prepared(make)) == [(lineage.SAME_IMAGE,)]


def test_the_same_photograph_in_other_bytes_is_recognized(make, searched):
    other = filed_with(make, recompressed(picture(7)))
    assert other.images[0].sha256 != searched.images[0].sha256
    assert db.session.query(ProbeResemblance).count() == 1
    assert related(other) == [(lineage.LOOKS_ALIKE,)]


@pytest.mark.parametrize("erased", [False, True], ids=["beside it", "in the place of an erased one"])
def test_two_images_checked_at_the_same_moment_know_of_each_other_bypass(make, run_jobs, monkeypatch, erased):
    """Two workers take one moment's two copies: whichever ends last is compared once more."""
    make.request(state="draft", seed=22)
    first, second = (make.request(state="draft", images=0, case_number=f"2026-075-0888{n}") for n in (1, 2))
    shown, late = checks.shown_copy, []

    def beside_another(bgr):
        if not late:
            late.append(True)
            if erased:  # its id is given again
                with unit_of_work() as rows:
                    newest = rows.scalar(select(func.max(DetectedFace.id)))
                    rows.execute(delete(DetectedFace).where(DetectedFace.id == newest))
                    audit.record("gallery.hashed", probes=0, photos=0)
            make.image(second, recompressed(picture(7)))
        return shown(bgr)

    monkeypatch.setattr(checks, "shown_copy", beside_another)
    make.image(first, picture(7), describe=None)
    assert (second.images[0].state, first.images[0].state) == ("ready", "checking")
    with unit_of_work():
        db.session.query(Job).filter_by(subject_id=first.images[0].uid).update({"not_before": now()})
    run_jobs()
    assert first.images[0].state == "ready"
    pair = db.session.query(ProbeResemblance).one()
    assert {pair.image_id, pair.earlier_id} == {first.images[0].id, second.images[0].id}


def test_what_was_read_before_a_check_is_not_read_again_at_its_end(make, searched, monkeypatch):
    """The second reading holds up every other check: it reads the faces that came since."""
    read: list[int] = []
    monkeypatch.setattr(look_alikes, "_OVERLAP", 0)
    monkeypatch.setattr(look_alikes, "unmasked", lambda keys, rows: read.append(len(rows)) or unmasked(keys, rows))
    make.image(make.request(state="draft", case_number=OTHER_CASE, images=0), recompressed(picture(7)))
    assert read == [1, 0]
    assert db.session.query(ProbeResemblance).count() == 1


@pytest.mark.clause("AUD-1", "SRC-6")
def test_a_copy_of_a_copy_is_a_copy_of_the_original_bypass(make, searched):
    """Cut a little again and again, an image is like the one before it, and in the end like the first no more."""
    between = make.request(state="draft", seed=21, case_number="2026-075-08881")
    last = prepared(make, seed=22, case_number="2026-075-08882")
    chain = [searched.images[0], between.images[0], last.images[0]]
    with unit_of_work() as rows:
        rows.add_all(ProbeResemblance(image_id=b.id, earlier_id=a.id) for a, b in pairwise(chain))
        audit.record("policy.loaded", version=policy().version)
    assert of_same_photograph([chain[2].id]) == {chain[0].id, chain[1].id}
    assert related(last) == [(lineage.LOOKS_ALIKE,)]
    with pytest.raises(Refused) as refusal:
        start(make, last)
    assert refusal.value.rule_id == "repeat_agreed"


@pytest.mark.clause("AUD-1", "LIM-5")
def test_another_moment_of_the_same_person_is_another_probe(make, searched):
    other = filed_with(make, picture(7, 3))
    assert db.session.query(ProbeResemblance).count() == 0
    assert related(other) == []


def test_the_same_case_number_relates_another_probe(make, searched):
    assert related(prepared(make, seed=22, case_number=searched.case_number)) == [(lineage.SAME_CASE,)]


def test_what_has_nothing_in_common_is_searched_without_asking(make, searched):
    other = prepared(make, seed=22)
    assert related(other) == []
    start(make, other)
    assert other.state == "searching"


@pytest.mark.clause("AUD-1", "CAP-1")
def test_searching_again_waits_for_a_reason_and_a_supervisor(make, people, searched):
    other, examiner = prepared(make), people.actor("k.rowan")
    supervisor = people.actor("c.hawthorn")
    with pytest.raises(Refused) as refusal:
        start(make, other)
    assert refusal.value.rule_id == "repeat_agreed"
    with unit_of_work():
        repeats.ask(other, examiner, "  The repository grew since.  ")
    with pytest.raises(Refused, match="has not answered"):
        start(make, other)
    with unit_of_work():
        repeats.answer(other, supervisor, agreed=True, words="Agreed: it is larger now.")
    start(make, other)
    assert other.state == "searching"
    asked = db.session.query(RepeatSearch).one()
    assert (asked.private["reason"], asked.private["answer"]) == (
        "The repository grew since.",
        "Agreed: it is larger now.",
    )


def test_a_declined_reason_stays_and_another_may_be_given(make, people, searched):
    other, examiner, supervisor = prepared(make), people.actor("k.rowan"), people.actor("c.hawthorn")
    with unit_of_work():
        repeats.ask(other, examiner, "I would like to.")
    with unit_of_work():
        repeats.answer(other, supervisor, agreed=False, words="The still is the same one.")
    with pytest.raises(Refused, match="did not agree"):
        start(make, other)
    with pytest.raises(Refused) as refusal, unit_of_work():
        repeats.answer(other, supervisor, agreed=True, words="On second thoughts.")
    assert refusal.value.rule_id == "repeat_asked"
    with unit_of_work():
        repeats.ask(other, examiner, "A sharper moment of the recording was found.")
    assert [row.decision for row in db.session.query(RepeatSearch).order_by(RepeatSearch.id)] == ["declined", None]


def test_a_reason_is_needed_and_asking_without_cause_is_refused(make, people, searched):
    examiner, other = people.actor("k.rowan"), prepared(make)
    with pytest.raises(Refused) as refusal, unit_of_work():
        repeats.ask(other, examiner, "   ")
    assert refusal.value.rule_id == "reason_given"
    unrelated = prepared(make, seed=22, case_number="2026-075-07777")
    with pytest.raises(Refused) as refusal, unit_of_work():
        repeats.ask(unrelated, examiner, "Because.")
    assert refusal.value.rule_id == "searched_before"


@pytest.mark.parametrize(
    ("name", "rule"), [("k.rowan", "approval.decide"), ("d.lark", "approval.decide"), ("s.alder", "approval.decide")]
)
def test_nobody_but_a_supervisor_of_the_unit_agrees(make, people, searched, name, rule):
    other, examiner, somebody = prepared(make), people.actor("k.rowan"), people.actor(name)
    with unit_of_work():
        repeats.ask(other, examiner, "The repository grew since.")
    with pytest.raises(Refused) as refusal, unit_of_work():
        repeats.answer(other, somebody, agreed=True, words="Agreed: it is larger now.")
    assert refusal.value.rule_id == rule


def test_whoever_asked_does_not_agree_even_with_every_role(make, people, change_person, searched):
    change_person("k.rowan", groups=["fr-examiners", "fr-supervisors"])
    other, both = prepared(make), people.actor("k.rowan")
    with unit_of_work():
        repeats.ask(other, both, "The repository grew since.")
    with pytest.raises(Refused) as refusal, unit_of_work():
        repeats.answer(other, both, agreed=True, words="Agreed: it is larger now.")
    assert refusal.value.rule_id == "examiner"
    with pytest.raises(IntegrityError, match="asker_does_not_decide"), unit_of_work():
        row = lineage.last_asked(other.current_search)
        row.decision, row.decided_by_id, row.decided_at = "agreed", both.id, row.created_at


def test_a_search_that_came_after_the_agreement_asks_again(make, people, searched):
    first, second = prepared(make), prepared(make, case_number="2026-075-07777")
    examiner, supervisor = people.actor("k.rowan"), people.actor("c.hawthorn")
    for request in (first, second):
        with unit_of_work():
            repeats.ask(request, examiner, "The repository grew since.")
        with unit_of_work():
            repeats.answer(request, supervisor, agreed=True, words="Agreed: it is larger now.")
    start(make, first)
    make.run_jobs()
    refusal = explain(second, "start_search", examiner, algorithm_status=_fine(), demonstration=True)
    assert refusal is not None
    assert refusal.rule_id == "repeat_agreed"


def _fine():
    from app.matching.nist import NistStatus

    return NistStatus(True, "")


@pytest.mark.clause("AUD-1", "SRC-1")
@pytest.mark.parametrize("related_by", ["the same file", "the same moment", "the same case"])
def test_two_related_searches_at_once_go_one_after_the_other_bypass(make, related_by):
    first = prepared(make, case_number="2026-075-07777")
    second = {
        "the same file": lambda: prepared(make),
        "the same moment": lambda: filed_with(make, recompressed(picture(7))),
        "the same case": lambda: prepared(make, seed=22, case_number="2026-075-07777"),
    }[related_by]()
    start(make, first)
    with pytest.raises(Refused, match="running now") as refusal:
        start(make, second)
    assert refusal.value.rule_id == "one_at_a_time"
    assert [earlier.result for earlier in lineage.earlier_searches(second.current_search)] == [lineage.RUNNING]
    make.finish(first)
    with pytest.raises(Refused) as refusal:
        start(make, second)
    assert refusal.value.rule_id == "repeat_agreed"


@pytest.mark.clause("AUD-1")
def test_an_agreement_given_while_the_other_search_ran_does_not_cover_its_result_bypass(make, people):
    first, second = prepared(make, case_number="2026-075-07777"), prepared(make)
    examiner, supervisor = people.actor("k.rowan"), people.actor("c.hawthorn")
    start(make, first)
    with unit_of_work():
        repeats.ask(second, examiner, "The repository grew since.")
    with unit_of_work():
        repeats.answer(second, supervisor, agreed=True, words="Agreed: it is larger now.")
    make.finish(first)
    with pytest.raises(Refused) as refusal:
        start(make, second)
    assert refusal.value.rule_id == "repeat_agreed"


@pytest.mark.clause("AUD-1", "REQ-2")
def test_an_agreement_does_not_cover_what_was_linked_to_the_matter_later_bypass(make, people, searched):
    """The linked number's search is older than the agreement, and was not before the supervisor's eyes."""
    make.request(state="searched", seed=21, case_number="2026-075-08888")
    other, examiner, supervisor = prepared(make), people.actor("k.rowan"), people.actor("c.hawthorn")
    with unit_of_work():
        repeats.ask(other, examiner, "The repository grew since.")
    with unit_of_work():
        repeats.answer(other, supervisor, agreed=True, words="Agreed: it is larger now.")
    records = people.actor("b.juniper")
    with unit_of_work():
        number = db.session.query(CaseNumber).filter_by(number=OTHER_CASE).one()
        links.link(number, records, "2026-075-08888", "Both numbers are of the one robbery at the pier.")
    with pytest.raises(Refused) as refusal:
        start(make, other)
    assert refusal.value.rule_id == "repeat_agreed"


@pytest.mark.clause("AUD-1")
def test_an_agreement_covers_only_what_stood_on_its_page_bypass(make, people, searched):
    other, examiner, supervisor = prepared(make), people.actor("k.rowan"), people.actor("c.hawthorn")
    with unit_of_work():
        repeats.ask(other, examiner, "The repository grew since.")
    with unit_of_work():
        repeats.answer(other, supervisor, agreed=True, words="Agreed: it is larger now.", shown=())
    with pytest.raises(Refused) as refusal:
        start(make, other)
    assert refusal.value.rule_id == "repeat_agreed"


@pytest.mark.clause("AUD-1")
def test_a_search_that_has_nothing_in_common_runs_beside_another(make):
    first, second = prepared(make, case_number="2026-075-07777"), prepared(make, seed=22)
    start(make, first)
    start(make, second)
    assert (first.state, second.state) == ("searching", "searching")


@pytest.mark.clause("AUD-1", "SRC-1")
def test_what_was_searched_before_is_read_once_and_only_when_it_is_this_searchs_turn_bypass(make, searched):
    """Read before the turn, it would know nothing of a search that was started in between."""
    other = prepared(make, seed=22)
    with recorded() as asked:
        start(make, other)
    told = {"INTO counter": "turn", "UPDATE counter": "turn", "search.image_id IN": "read"}
    order = [what for statement in queries(asked) for sign, what in told.items() if sign in statement]
    assert order == ["turn", "read"]


@pytest.mark.clause("AUD-1", "SRC-6")
def test_a_continuation_directed_by_the_supervisor_needs_no_second_agreement(make):
    request = make.request(state="continued")
    make.select(request)
    assert related(request) == [(lineage.SAME_IMAGE, lineage.SAME_CASE)]
    assert lineage.needs_agreement(request.current_search) == []
    start(make, request)
    assert request.state == "searching"


@pytest.mark.clause("AUD-1", "SRC-4")
def test_nothing_is_told_of_the_result_of_an_open_request(make, searched):
    other = prepared(make)
    assert [e.result for e in lineage.earlier_searches(other.current_search)] == [lineage.OPEN]
    make.advance_to(searched, "negative")
    make.run_jobs()
    assert searched.state == "reported"
    assert [e.result for e in lineage.earlier_searches(other.current_search)] == ["negative result"]


def edited(data: bytes, edit) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(".jpg", edit(pixels), [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def _cropped(share: float):
    def crop(pixels: np.ndarray) -> np.ndarray:
        down, right = (round(side * share) for side in pixels.shape[:2])
        return pixels[down : pixels.shape[0] - down, right : pixels.shape[1] - right]

    return crop


def _turned(degrees: float):
    def turn(pixels: np.ndarray) -> np.ndarray:
        height, width = pixels.shape[:2]
        return cv2.warpAffine(pixels, cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1), (width, height))

    return turn


def _noise(sigma: float):
    def add(pixels: np.ndarray) -> np.ndarray:
        return np.clip(pixels + np.random.default_rng(0).normal(0, sigma, pixels.shape), 0, 255).astype(np.uint8)

    return add


def _from_the_side(pixels: np.ndarray) -> np.ndarray:
    """As it is photographed from a screen."""
    high, wide = pixels.shape[:2]
    corners = np.float32([[0, 0], [wide, 0], [wide, high], [0, high]])
    seen = np.float32([[wide * 0.1, high * 0.05], [wide, 0], [wide * 0.95, high], [0, high * 0.9]])
    return cv2.warpPerspective(pixels, cv2.getPerspectiveTransform(corners, seen), (wide, high))


EDITS = {
    "noise of sigma 15": _noise(15),
    "noise of sigma 25": _noise(25),
    "blurred by sigma 3": lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 3),
    "blurred, and noise over it": lambda pixels: _noise(15)(cv2.GaussianBlur(pixels, (0, 0), 2)),
    "much darker, gamma 2.5": lambda pixels: (255 * (pixels / 255) ** 2.5).astype(np.uint8),
    "photographed from the side": _from_the_side,
    "cropped by 5 % off each side": _cropped(0.05),
    "cropped by 15 % off each side": _cropped(0.15),
    "half as large": lambda pixels: cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "turned by 4 degrees": _turned(4),
    "darker": lambda pixels: cv2.convertScaleAbs(pixels, alpha=0.7),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "cropped, brighter and larger": lambda pixels: cv2.resize(
        cv2.convertScaleAbs(_cropped(0.08)(pixels), alpha=1.1, beta=12), None, fx=1.4, fy=1.4
    ),
}


@pytest.mark.clause("AUD-1")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_copy_of_what_was_searched_is_recognized_bypass(make, searched, edit):
    """Cropping 5 % off each side changed the hash of the whole picture, and the earlier search was not shown."""
    assert related(filed_with(make, edited(picture(7), edit))) == [(lineage.LOOKS_ALIKE,)]


def test_a_picture_filed_upside_down_is_compared_as_it_would_be_turned_back_bypass(make, searched):
    """Its face is found wrongly or not at all; turned back by preparation it may be searched all the same."""
    request = make.request(state="draft", case_number=OTHER_CASE, images=0)
    upside_down = make.image(request, edited(_two(picture(7)), lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180)))
    assert upside_down.state == "ready"
    [pair] = db.session.query(ProbeResemblance).all()
    assert (pair.image_id, pair.earlier) == (upside_down.id, searched.images[0])


def _two(data: bytes) -> bytes:
    return edited(data, _cropped(0.06))


@pytest.mark.clause("AUD-1", "LIM-5")
def test_what_was_opened_is_recorded_and_no_template_of_a_face_is_made(make, searched, monkeypatch):
    monkeypatch.setattr(TemplateExtractor, "embed_chips", lambda *_: pytest.fail("a template was made"))
    request = make.request(state="draft", case_number=OTHER_CASE, images=0)
    image = make.image(request, edited(picture(7), _cropped(0.05)))
    [earlier] = searched.images
    assert events("image.compared") == [
        {"image": image.uid, "opened": [earlier.uid], "same": [earlier.uid], "left": 0},
    ]


@pytest.mark.clause("LIM-5")
def test_no_more_than_some_are_opened_and_the_nearest_first(make, searched, monkeypatch):
    [earlier] = searched.images
    monkeypatch.setattr(ProbeComparison, "near", lambda self, looks: {name: [earlier.id, 901, 902] for name in looks})
    monkeypatch.setattr(look_alikes, "MOST_OPENED", 1)
    make.image(make.request(state="draft", case_number=OTHER_CASE, images=0), edited(picture(7), _cropped(0.05)))
    [compared] = events("image.compared")
    assert (compared["opened"], compared["left"]) == ([earlier.uid], 2)


@pytest.mark.clause("ACC-10")
def test_the_hash_of_a_face_stands_under_a_mask_of_its_row(make, searched):
    copy = make.image(make.request(state="draft", images=0), edited(picture(7), lambda pixels: pixels))
    [one], [other] = searched.images[0].faces, copy.faces
    first, second = unmasked(stores().keys, [(row.uid, row.face_hash) for row in (one, other)])
    assert (first ^ second).bit_count() <= 11
    assert (int(one.face_hash, 16) ^ int(other.face_hash, 16)).bit_count() > 11


@pytest.mark.clause("AUD-1")
def test_images_of_before_are_hashed_and_compared_once(app, make, searched):
    copy = filed_with(make, edited(picture(7), _cropped(0.05))).images[0]
    with unit_of_work():
        db.session.execute(delete(ProbeResemblance))
        db.session.execute(update(DetectedFace).values(face_hash=None))
        audit.record("gallery.hashed", probes=0, photos=0)
    db.session.expire_all()
    for said in ("Probes: 2 hashed", "Probes: every face is hashed"):
        done = app.test_cli_runner().invoke(args=["gallery", "hash-faces"])
        assert done.exit_code == 0 and said in done.output, done.output
    db.session.expire_all()
    [pair] = db.session.query(ProbeResemblance).all()
    assert (pair.image_id, pair.earlier_id) == (copy.id, searched.images[0].id)
    assert all(face.face_hash for image in (copy, searched.images[0]) for face in image.faces)


def _unhashed(*images) -> None:
    """Take away what a check kept, as of an image of before."""
    with unit_of_work() as rows:
        ids = [image.id for image in images]
        rows.execute(delete(ProbeResemblance))
        rows.execute(update(DetectedFace).where(DetectedFace.image_id.in_(ids)).values(face_hash=None))
        audit.record("gallery.hashed", probes=0, photos=0)
    db.session.expire_all()


@pytest.mark.clause("AUD-1")
@pytest.mark.parametrize("when", ["before", "while it is hashed", "while the copy is checked"])
def test_an_image_of_before_and_a_copy_checked_until_it_is_hashed_know_of_each_other_bypass(
    make, run_jobs, searched, monkeypatch, when
):
    """Whoever files the copy after the upgrade and before `hash-faces` ends is told of the earlier search as well."""
    monkeypatch.setattr(look_alikes, "_OVERLAP", 0)
    request, copy = make.request(state="draft", images=0, case_number=OTHER_CASE), edited(picture(7), _cropped(0.05))
    [old], late = searched.images, []
    _unhashed(old)

    def meanwhile(module, name, work):
        plain = getattr(module, name)

        def wrapped(*given):
            if not late:
                late.append(True)
                work()
            return plain(*given)

        monkeypatch.setattr(module, name, wrapped)

    def file() -> None:
        make.image(request, copy)

    def hash_old() -> None:
        resemblance.hash_probes([old.id])

    if when == "before":
        file()
        hash_old()
    elif when == "while it is hashed":
        # once everything near was read, before the turn
        meanwhile(resemblance, "unit_of_work", file)
        hash_old()
    else:
        meanwhile(checks, "shown_copy", hash_old)
        make.image(request, copy, describe=None)
        with unit_of_work():
            db.session.query(Job).filter_by(subject_id=request.images[0].uid).update({"not_before": now()})
        run_jobs()
    [image] = request.images
    pair = db.session.query(ProbeResemblance).one()
    assert image.state == "ready"
    assert {pair.image_id, pair.earlier_id} == {old.id, image.id}
