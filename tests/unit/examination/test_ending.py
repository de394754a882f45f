"""A negative result says what became of each candidate listed, and why nobody retained was put forward (SRC-7)."""

from __future__ import annotations

import io
import zipfile

import pytest

from app import audit
from app.documents.approval.render import render_report, require_examined
from app.documents.checks import page_texts
from app.documents.errors import RenderError
from app.documents.examination.findings import Examined
from app.domain.approval.report_facts import gather
from app.domain.examination import verbs as examination
from app.domain.examination.ending import KEPT_BACK, examined
from app.extensions import stores
from app.models.base import now
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import DisclosureFactory
from tests.documents.approval.documents_facts import NEGATIVE_NOTICE, NOTICE, negative, verified
from tests.unit_stages import worksheet
from tests.web.page_reading import soup, words

pytestmark = pytest.mark.clause("SRC-2", "SRC-7")
REASON = "Nobody listed agrees with the probe in the features that last."
RETAINED = "On a second look the ears differ in outline and lobe."


@pytest.fixture
def mixed(make, people):
    """Three listed: one excluded, one retained, the photograph of the third left before anybody compared it."""
    request = make.request(state="under_examination")
    actor, listed = people.actor("k.rowan"), request.current_round.search.candidates
    assert len(listed) == 3
    make.exclude(request, listed[0])
    with unit_of_work():
        examination.dispose(request, actor, listed[1], "retained", worksheet(), "")
    with unit_of_work():
        listed[2].photo.removed_at = now()
        audit.record("faces.viewed", request, page="review.compare", faces=[])
    return request


def conclude(request, people, reason=REASON, retained=RETAINED) -> str | None:
    """The rule that refuses the conclusion, or None."""
    try:
        with unit_of_work():
            examination.conclude_none(request, people.actor("k.rowan"), reason, retained)
    except Refused as refused:
        return refused.rule_id
    return None


def test_the_result_counts_what_was_compared_retained_and_left_wherever_it_is_told(
    mixed, people, make, run_jobs, sign_in, app
):
    assert conclude(mixed, people) is None
    run_jobs()
    report = mixed.reports[-1]
    done = gather(report).examined
    assert (done.listed, done.compared, done.excluded, done.retained) == (3, 2, 1, 1)
    assert (done.incomparable, done.uncompared, done.left, done.left_compared) == (0, 1, 1, 0)
    printed = "".join(page_texts(stores().blobs.get(report.blob_id, report.key_id, report.sha256)))
    page = words(soup(sign_in("d.lark").get(f"/requests/{mixed.number}")))
    file = words(soup(sign_in("c.hawthorn").get(f"/final-review/{mixed.number}")))
    package = package_of(mixed, app, people, run_jobs)
    for told in (printed, page, file, package):
        squeezed = "".join(told.split()).replace(":", "").lower()
        for count in ("listed by the search 3", "compared and retained 1", "photograph had left the repository 1"):
            assert count.replace(" ", "") in squeezed, count
        for said in (REASON, RETAINED):
            assert "".join(said.split()).lower() in squeezed, said
    assert "After each candidate was compared by hand" not in printed


def package_of(request, app, people, run_jobs) -> str:
    disclosure = DisclosureFactory(app, people, run_jobs)(state="released", case_number=request.case_number)
    package = disclosure.current_package
    with zipfile.ZipFile(io.BytesIO(stores().blobs.get(package.blob_id, disclosure.key_id, package.sha256))) as archive:
        return archive.read(f"examined-{request.reports[-1].number}.txt").decode()


@pytest.mark.parametrize("said", ["", "n/a", "as discussed", REASON, f"{REASON.upper()} - "])
def test_nobody_retained_is_passed_over_without_a_reason_of_its_own_bypass(mixed, people, said):
    """By silence, by words that say nothing, by the reason once more."""
    assert conclude(mixed, people, retained=said) == "retained_explained"
    assert mixed.state == "under_examination"


def test_where_nobody_was_retained_one_reason_is_enough(make, people):
    request = make.request(state="under_examination")
    make.dispose_all(request)
    assert conclude(request, people, retained="") is None


@pytest.mark.clause("ACC-1")
@pytest.mark.parametrize("field", ["reason", "retained"])
def test_no_reason_names_a_candidate_bypass(mixed, people, field):
    """By record number or name, in capitals or with other signs between the words."""
    candidate = mixed.current_round.search.candidates[1]
    number, name = candidate.photo.record_number, candidate.person.private["name"]
    for known in (number, name, name.upper(), number.replace("-", " "), ", ".join(name.split())):
        given = {field: f"The ears of {known} differ in the lobe."}
        assert conclude(mixed, people, **given) == "result_names_nobody", known


@pytest.mark.clause("ACC-1")
def test_a_reason_of_before_that_names_somebody_is_not_printed(mixed, people):
    number = mixed.current_round.search.candidates[1].photo.record_number
    with unit_of_work():
        mixed.current_round.seal(conclusion=f"Not {number}.")
        audit.record("faces.viewed", mixed, page="review.compare", faces=[])
    assert examined(mixed.current_search, mixed.current_round).reason == KEPT_BACK


def test_a_search_that_listed_nobody_counts_nobody(make):
    request = make.request(state="under_examination")
    done = Examined(0)
    assert {number for _, number in done.counts} == {0}
    assert examined(request.current_search, None).listed == 3


def test_a_report_without_its_counts_is_not_given_out():
    facts = negative(examined=Examined(4, excluded=1, retained=2, left=1, reason=REASON, retained_reason=RETAINED))
    text = " ".join(page_texts(render_report(facts, NOTICE, NEGATIVE_NOTICE, verified(facts)).pdf))
    assert "Compared by hand 3" in text and RETAINED in text
    other = negative(examined=Examined(4, excluded=1, retained=2, left=1, reason=REASON))
    without = render_report(other, NOTICE, NEGATIVE_NOTICE, verified(other)).pdf
    with pytest.raises(RenderError, match="what became of the candidates"):
        require_examined(without, facts)
