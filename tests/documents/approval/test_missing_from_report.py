"""What a finished report lacks is read back from its own bytes before it is delivered (SRC-9, USE-7, SRC-7).

The rendering checks the same; these ask the delivery's own check, whatever made the file.
"""

from __future__ import annotations

import pytest
import weasyprint

from app.documents.checks import require_notice
from app.domain.approval.reports import delivery_of, missing_from, notice_of
from app.extensions import stores
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.nominated_request import at, filed, nominated_data, settings
from tests.request_factory import picture

__all__ = ["at", "filed", "nominated_data", "settings"]
pytestmark = pytest.mark.clause("SRC-9", "USE-7", "SRC-7")


def typed(*words: str) -> bytes:
    """A document of nothing but these words."""
    return weasyprint.HTML(string="".join(f"<p>{said}</p>" for said in words)).write_pdf()


def probe_of(request) -> bytes:
    image = request.current_search.image
    return stores().blobs.get(image.shown_blob_id, image.key_id, image.shown_sha256)


def test_the_delivered_report_lacks_nothing_and_each_thing_is_missed_by_itself(at):
    request = at("reported")
    delivery, missing = delivery_of(request.current_report)
    assert missing == []
    own, probe = notice_of(request.current_report), probe_of(request)
    assert missing_from(delivery.pdf, probe, own) == []
    assert missing_from(delivery.pdf, picture(8), own) == ["the probe image"]
    assert missing_from(delivery.pdf, probe, "It is proof.") == ["the notice of its result"]


def test_a_document_of_other_words_lacks_all_three(at):
    request = at("reported")
    own, probe = notice_of(request.current_report), probe_of(request)
    notice = policy().notice("no-probable-cause").text
    everything = ["the notice", "the notice of its result", "the probe image"]
    assert missing_from(typed("A possible match."), probe, own) == everything
    assert missing_from(typed(own), probe, own) == ["the notice", "the probe image"]
    assert missing_from(typed(notice), probe, own) == ["the notice of its result", "the probe image"]
    assert require_notice(typed(notice), notice) == 1


def test_a_file_put_in_the_place_of_the_report_is_not_handed_on_as_whole_bypass(at):
    """Whatever was rendered: what stands in the store is what is judged."""
    request = at("reported")
    report = request.current_report
    stored = stores().blobs.put(report.key_id, typed("A possible match."))
    with unit_of_work():
        from app import audit

        report.blob_id, report.sha256 = stored.id, stored.sha256
        audit.record("report.rendered", report, report=report.number, sha256=stored.sha256)
    assert delivery_of(report)[1] == ["the notice", "the notice of its result", "the probe image"]
