"""An incident over HTTP, from awareness to closing (EXT-10)."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)

import pytest

from app.calendar import today
from app.policy import policy
from tests.disclosure_factory import disclose, reported_data, settings, values  # noqa: F401  (fixtures)
from tests.web.disclosure_pages import OFFICER, url
from tests.web.page_reading import hidden, soup, text


@pytest.mark.clause("EXT-10")
def test_an_incident_from_awareness_to_closing(disclose, sign_in):
    disclosure = disclose(state="fetched")
    client = sign_in(OFFICER)
    assert "Record an incident" in text(client.get(url(disclosure)))
    form = hidden(client, f"/incidents/new?disclosure={disclosure.number}", "main form")
    day = today().isoformat()
    wrong = {**form, "disclosure": "D-2026-999999", "day": "yesterday", "time": "", "what": "Too short"}
    answer = client.post("/incidents/new", data=wrong)
    assert answer.status_code == 422
    assert "There is no disclosure of this number" in text(answer)
    page = soup(answer)
    assert "Write the date as year-month-day" in page.select_one("#day-error").text
    assert "Enter the time." in page.select_one("#time-error").text
    assert {"#day", "#time"} <= {link["href"] for link in page.select(".cor-error-summary a")}
    given = {**form, "disclosure": "", "day": "2026-01-02", "time": "10:30"}
    given["what"] = "The package went to another office than the one named."
    place = client.post("/incidents/new", data=given).headers["Location"]

    def step(name: str, **values: str):
        fields = {f"{name}-{key}": value for key, value in values.items()}
        return client.post(f"{place}/{name}", data={**hidden(client, place, f"#{name} form"), **fields})

    refused = step("report", reference="", day=day, time="00:00")
    assert refused.status_code == 422
    assert policy().rule("report_referenced").text in text(refused)
    assert step("report", reference="CPO-17", day="2020-01-01", time="00:00").status_code == 422
    timeless = soup(step("report", reference="CPO-17", day="2026-01-03", time=""))
    assert timeless.select_one("#report-day-error") is None
    assert "Enter the time." in timeless.select_one("#report-time-error").text
    assert [link["href"] for link in timeless.select(".cor-error-summary a")] == ["#report-time"]
    assert step("report", reference="CPO-17", day="2026-01-03", time="09:00").status_code == 303
    assert step("harm", harm="none", reason="Nobody seemed to have opened it.").status_code == 303
    assert step("harm", harm="potential", reason="The address of a witness was among it.").status_code == 303
    declined = step("notice", give="no", required_by_law="no", consulted="yes", reason="It seems not to be needed.")
    assert declined.status_code == 422
    assert policy().rule("notice_not_declined_against_law").text in text(declined)
    assert soup(client.get(place)).select_one("#close") is None
    notice = {"give": "yes", "required_by_law": "no", "consulted": "yes", "reason": "There is potential risk of harm."}
    assert step("notice", **notice, text="").status_code == 422
    assert step("notice", **notice, text="On that day information about you was given out.").status_code == 303
    assert step("close", efforts="").status_code == 422
    assert step("close", efforts="Letter sent, then called twice.").status_code == 303
    page = text(client.get(place))
    for words in (
        "Closed",
        "CPO-17",
        "On that day information about you was given out.",
        "Letter sent",
        "Nobody seemed to have opened it.",
        "superseded",
    ):
        assert words in page
    assert place.rsplit("/", 1)[1] in text(client.get("/incidents"))
