"""The pages of a search that was run before: what the examiner reads and asks, what a supervisor answers (AUD-1)."""

from __future__ import annotations

import pytest

from app.domain.identification import lineage
from tests.nominated_request import filed, nominated_data, settings  # noqa: F401  (a request searched before)
from tests.web.page_reading import soup

pytestmark = pytest.mark.clause("AUD-1")
REASON = "A camera that was repaired since shows the same moment; the repository grew."


@pytest.fixture
def again(make, filed):  # noqa: F811
    """The same picture in another case, its probe selected."""
    return make.request(state="probe_selected", case_number="2026-075-09999")


def test_the_examiner_reads_what_was_searched_before_and_is_not_offered_the_search(sign_in, again, filed):  # noqa: F811
    page = soup(sign_in("k.rowan").get(f"/review/{again.number}"))
    text = page.get_text(" ")
    assert filed.number in text
    assert "The same image" in text
    assert "Not concluded" in text
    assert page.select_one(f"form[action='/review/{again.number}/search']") is None
    assert page.select_one(f"form[action='/review/{again.number}/repeat'] textarea") is not None


def test_reason_agreement_search(sign_in, post, again):
    examiner, supervisor = sign_in("k.rowan"), sign_in("c.hawthorn")
    page = f"/review/{again.number}"
    kept = post(examiner, f"{page}/repeat", {"reason": "", "version": again.version}, page=page)
    assert kept.status_code == 422
    assert post(examiner, f"{page}/repeat", {"reason": REASON, "version": again.version}, page=page).status_code == 303
    assert "Waiting for a supervisor" in soup(examiner.get(page)).get_text(" ")
    assert again.number in soup(supervisor.get("/final-review")).get_text(" ")
    form = f"/final-review/{again.number}/repeat"
    shown = soup(supervisor.get(form)).get_text(" ")
    assert REASON in shown
    given = {"answer": "agree", "words": "The reason holds.", "version": again.version}
    assert post(supervisor, form, given).status_code == 303
    read = soup(examiner.get(page))
    assert "A supervisor agreed" in read.get_text(" ")
    assert read.select_one(f"form[action='{page}/search']") is not None
    assert post(examiner, f"{page}/search", {"version": again.version}, page=page).status_code == 303
    assert again.state == "searching"


def test_an_answer_without_words_is_kept_and_not_taken(sign_in, post, again):
    examiner, supervisor = sign_in("k.rowan"), sign_in("c.hawthorn")
    page, form = f"/review/{again.number}", f"/final-review/{again.number}/repeat"
    post(examiner, f"{page}/repeat", {"reason": REASON, "version": again.version}, page=page)
    answer = post(supervisor, form, {"answer": "decline", "words": " ", "version": again.version})
    assert answer.status_code == 422
    assert soup(answer).select_one("input[value=decline]").has_attr("checked")
    assert lineage.last_asked(again.current_search).decision is None


def test_a_declined_reason_is_read_by_the_examiner(sign_in, post, again):
    examiner, supervisor = sign_in("k.rowan"), sign_in("c.hawthorn")
    page, form = f"/review/{again.number}", f"/final-review/{again.number}/repeat"
    post(examiner, f"{page}/repeat", {"reason": REASON, "version": again.version}, page=page)
    given = {"answer": "decline", "words": "Nothing is different now.", "version": again.version}
    assert post(supervisor, form, given).status_code == 303
    text = soup(examiner.get(page)).get_text(" ")
    assert "Nothing is different now." in text
    late = post(supervisor, form, {**given, "version": again.version}, page="/report-misuse")
    assert late.status_code == 422
    assert "No reason waits" in soup(late).get_text(" ")


def test_there_is_no_page_where_nobody_asked(sign_in, again):
    assert sign_in("c.hawthorn").get(f"/final-review/{again.number}/repeat").status_code == 404


@pytest.mark.clause("SRC-4")
def test_whoever_is_not_its_examiner_reads_nothing_of_it(sign_in, again, filed):  # noqa: F811
    text = soup(sign_in("a.plover").get(f"/review/{again.number}")).get_text(" ")
    assert filed.number not in text
