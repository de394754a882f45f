"""What speaks against a disclosure, on its pages: shown first, explained and answered in forms (EXT-5, EXT-7)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import io

import pytest
from bs4 import BeautifulSoup

from app.extensions import stores
from app.policy import policy
from tests.disclosure_factory import answers, disclose, reported_data, settings, values  # noqa: F401  (fixtures)
from tests.drawn_gallery import needs_models
from tests.web.disclosure_pages import ASKER, OFFICER, decision_of, draft_fields, url
from tests.web.page_reading import hidden, soup, text

pytestmark = [needs_models, pytest.mark.clause("EXT-5", "EXT-7")]
WHY = "The first answer was a slip; the demand of the district attorney speaks of a robbery and nothing else."


def test_a_yes_that_became_a_no_is_asked_about_shown_first_and_answered_bypass(disclose, sign_in):
    """By changing the answer on the page: the form asks why, the officer sees it before anything else."""
    disclosure = disclose("draft", recipient="prosecutor", basis="D2")
    asker = sign_in(ASKER)

    def save(**changes):
        form = {**hidden(asker, url(disclosure, "/edit"), "form[method=post][action$='/edit']"), **draft_fields()}
        return asker.post(url(disclosure, "/edit"), data={**form, **changes})

    assert save(immigration="yes").status_code == 303
    assert "this refusal has no exception" in text(asker.get(url(disclosure)))
    assert save(immigration="no").status_code == 303
    page = text(asker.get(url(disclosure, "/edit")))
    assert "Why was an answer changed that ends a disclosure?" in page and "was answered “Yes” by" in page
    form = hidden(asker, url(disclosure), "form[action$='/submit']") if "Ready to submit" in page else None
    assert form is None, "nothing can be submitted before it is explained"
    assert save(changed_because=WHY).status_code == 303
    shown = text(asker.get(url(disclosure)))
    assert "Answered “Yes”, which ends a disclosure" in shown, "what happened says so"
    sent = asker.post(url(disclosure, "/submit"), data=hidden(asker, url(disclosure), "form[action$='/submit']"))
    assert sent.status_code == 303 and disclosure.state == "submitted"
    officer = sign_in(OFFICER)
    page = officer.get(url(disclosure, "/decide")).get_data(as_text=True)
    assert BeautifulSoup(page, "lxml").select_one("main h2").get_text(strip=True) == "The form contradicts itself"
    assert WHY in page
    first = soup(officer.get(url(disclosure))).select_one(".cor-columns h2")
    assert first.get_text(strip=True) == "The form contradicts itself"
    refused = officer.post(url(disclosure, "/decide"), data=decision_of(officer, disclosure, "approve"))
    assert refused.status_code == 422 and "Answer in at least 20 characters" in text(refused)
    [field] = soup(refused).select("textarea[name^=answer_]")
    answer = {field["name"]: "The docket was read: it is a robbery, and no federal agency takes part."}
    taken = officer.post(url(disclosure, "/decide"), data=decision_of(officer, disclosure, "approve", **answer))
    assert taken.status_code == 303 and disclosure.state == "approved"
    assert "no federal agency takes part" in text(officer.get(url(disclosure)))


@pytest.mark.clause("EXT-8", "ACC-12")
def test_the_officer_compares_the_form_with_the_register(disclose, sign_in):
    disclosure = disclose("submitted", recipient="law_enforcement", basis="D6")
    known = next(one for one in policy().registers.agencies.values() if "law_enforcement" in one.kinds)
    officer = sign_in(OFFICER)
    for page in (text(officer.get(url(disclosure, "/decide"))), text(officer.get("/disclosures/register"))):
        assert known.channel in page and known.reference in page and "2030" in page


@pytest.mark.clause("SRC-8")
def test_a_written_decision_is_known_to_whoever_checks_it(disclose, sign_in):
    client = sign_in(OFFICER)
    disclosure = disclose("approved", basis="D2")
    decision = disclosure.current_decision
    pdf = stores().blobs.get(decision.document_blob_id, decision.key_id, decision.document_sha256)

    def check(file: bytes):
        form = {**hidden(client, "/verify", "form[enctype]"), "code": "", "file": (io.BytesIO(file), "decision.pdf")}
        return client.post("/verify", data=form, content_type="multipart/form-data")

    said = check(pdf)
    assert said.status_code == 200 and "This written decision was issued here" in text(said)
    altered = check(pdf + b"%")
    assert altered.status_code == 404 and "Other papers, such as a cover letter, this page does not know" in text(
        altered
    )


@pytest.mark.clause("EXT-6")
def test_the_digest_beside_a_copy_is_that_of_the_copy(disclose, sign_in):
    from app.documents import checks

    disclosure = disclose("approved", recipient="media", basis="D6", decider=OFFICER)
    decision = disclosure.current_decision
    pdf = stores().blobs.get(decision.document_blob_id, decision.key_id, decision.document_sha256)
    said = "".join("".join(checks.page_texts(pdf)).split())
    page = text(sign_in(OFFICER).get(url(disclosure)))
    images = [item for item in disclosure.items if item.image is not None]
    assert images
    for item in images:
        assert item.image.shown_sha256 in said and item.sha256 not in said
        assert item.image.shown_sha256[:8] in page and item.sha256[:8] not in page
