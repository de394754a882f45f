"""The page that prepares a probe: steps by forms with and without htmx, previews, what is kept, who may (LL55)."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from app.blueprints.images import links
from app.extensions import db, stores
from app.imaging import operations
from app.imaging.recipe_ops import pixels_of
from app.models import DerivedImage
from app.models.engine import AuditEvent
from app.policy import policy
from tests.web.page_reading import soup, text

HTMX = {"HX-Request": "true"}
REASON = "The face lies in the shade of the cache."


@pytest.fixture
def bench(make, sign_in):
    """A request whose probe may be prepared, its examiner's browser, and the address of the page."""
    request = make.request(state="documented")
    return request, sign_in("k.rowan"), f"/review/{request.number}/prepare"


def typed(answer, **changes: str) -> dict[str, str]:
    """Every field of the preparation form as the page has it, with changes; `crop.x` is written crop__x."""
    form = soup(answer).select_one("form#preparation")
    data = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    data |= {box["name"]: box.select_one("[selected]")["value"] for box in form.select("select")}
    data |= {box["name"]: box.get_text().strip() for box in form.select("textarea")}
    return data | {name.replace("__", "."): value for name, value in changes.items()}


def steps(answer) -> list[str]:
    return [item.get_text() for item in soup(answer).select(".cor-prep__steps li")]


def picture(client, answer) -> np.ndarray:
    """The pixels of the preview on a page."""
    got = client.get(soup(answer).select_one("#preview img")["src"])
    assert (got.status_code, got.mimetype, got.headers["Cache-Control"]) == (200, "image/png", "no-store")
    return pixels_of(got.data)


def add(client, url, answer, op, **changes):
    return client.post(f"{url}/step", data=typed(answer, do=f"add:{op}", **changes))


@pytest.mark.clause("REQ-6", "LL55-1", "LL55-3")
def test_a_recipe_by_plain_forms_is_kept_and_can_be_selected(bench):
    request, client, url = bench
    answer = client.get(url)
    assert steps(answer) == []
    answer = add(client, url, answer, "crop")
    assert answer.status_code == 200
    assert steps(answer)[0].startswith("Cut to ")
    answer = add(client, url, answer, "gamma", gamma__value="1.4")
    answer = add(client, url, answer, "greyscale")
    assert steps(answer)[1:] == ["Gamma 1.4.", "Color replaced by shades of grey."]
    answer = client.post(f"{url}/step", data=typed(answer, do="undo"))
    assert steps(answer)[1:] == ["Gamma 1.4."]
    shown = picture(client, answer)
    assert db.session.query(DerivedImage).count() == 0, "nothing is stored before it is kept"
    answer = client.post(url, data=typed(answer, reason=REASON))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/review/{request.number}/probe")
    row = db.session.query(DerivedImage).one()
    assert [step["op"] for step in row.recipe["operations"]] == ["crop", "gamma"]
    assert row.private["reason"] == REASON
    kept = pixels_of(stores().blobs.get(row.blob_id, request.key_id, row.sha256))
    assert np.array_equal(kept, shown), "a small cut is previewed as it is kept"

    page = client.get(f"/review/{request.number}/probe")
    assert "Prepared image 1 is kept." in text(page)
    value = f"{row.image.uid}.1.{row.uid}"
    assert soup(page).select_one(f'input[name=face][value="{value}"]') is not None
    hidden = {box["name"]: box["value"] for box in soup(page).select("form.cor-form input[type=hidden]")}
    answer = client.post(f"/review/{request.number}/probe", data={**hidden, "face": value, "suitability": "suitable"})
    assert answer.status_code == 303
    search = request.current_search
    assert (search.derived, search.image, search.probe_sha256) == (row, row.image, row.image.sha256)
    assert "Prepared image 1 is searched" in text(client.get(f"/review/{request.number}"))


@pytest.mark.clause("REQ-6")
def test_htmx_swaps_the_parts_that_the_page_includes(bench):
    _, client, url = bench
    page = client.get(url)
    part = client.post(f"{url}/step", data=typed(page, do="preview", gamma__value="2"), headers=HTMX)
    assert soup(part).body.find(True, recursive=False)["id"] == "preview"
    assert "Tried, not added: Gamma 2." in text(part)
    assert picture(client, part).mean() > picture(client, page).mean() + 5
    part = client.post(f"{url}/step", data=typed(page, do="add:gamma", gamma__value="2"), headers=HTMX)
    body = soup(part).body
    assert body.find(True, recursive=False)["id"] == "bench"
    assert json.loads(body.select_one("input[name=recipe]")["value"]) == [{"op": "gamma", "value": 2.0}]
    assert body.select_one("#preview") is not None


def test_a_number_typed_beside_is_not_lost_when_another_step_is_added(bench):
    _, client, url = bench
    answer = add(client, url, client.get(url), "gamma", gamma__value="1.4", brightness__amount="20")
    assert soup(answer).select_one("[name='brightness.amount']")["value"] == "20"
    assert "Tried, not added: Brightness +20" in text(answer)
    assert "Done as often as a recipe may hold it." in text(answer)
    answer = client.post(url, data=typed(answer, reason=REASON))
    assert answer.status_code == 422
    assert "Changed and not added: Brightness." in text(answer)
    assert REASON in answer.get_data(as_text=True)


REFUSED = [
    ("gamma", {"gamma__value": "9"}, "lies between 0.4 and 2.5, not at 9"),
    ("gamma", {"gamma__value": "bright"}, "enter a number"),
    ("gamma", {"gamma__value": "nan"}, "lies between"),
    ("brightness", {"brightness__amount": ""}, "enter a number"),
    ("crop", {"crop__x": "5000"}, "The cut leaves the picture"),
    ("rotate", {"rotate__about": "nose"}, "choose one"),
]


@pytest.mark.clause("LL55-1")
def test_what_a_rule_refuses_is_said_and_not_added(bench):
    _, client, url = bench
    page = client.get(url)
    for op, change, said in REFUSED:
        answer = add(client, url, page, op, **change)
        assert answer.status_code == 422
        assert said in text(answer)
        assert steps(answer) == []
        trial = client.post(f"{url}/step", data=typed(page, do="preview", **change), headers=HTMX)
        assert trial.status_code == 422
        assert said in text(trial)
        assert picture(client, trial).size > 0


@pytest.mark.clause("SRC-2", "LL55-1")
def test_what_is_never_done_is_refused_by_its_rule_however_it_is_sent(bench):
    _, client, url = bench
    page = client.get(url)
    offers = {button["value"] for button in soup(page).select("button[name=do]")}
    for op in ("paste", "flip", "open_eyes", "close_mouth", "blend", "inpaint", "frontalize"):
        assert f"add:{op}" not in offers
        refusal = next(
            rule.refusal for rule in policy().review.forbidden_edits.values() if op in operations.REFUSED[rule.id]
        )
        for data in (typed(page, do=f"add:{op}"), typed(page, recipe=json.dumps([{"op": op}]), do="preview")):
            answer = client.post(f"{url}/step", data=data)
            assert answer.status_code == 422
            assert refusal in text(answer)
        answer = client.post(url, data=typed(page, recipe=json.dumps([{"op": op}]), reason=REASON))
        assert answer.status_code == 422
    assert db.session.query(DerivedImage).count() == 0


def test_steps_that_are_none_are_an_answer_and_no_fault(bench):
    _, client, url = bench
    page = client.get(url)
    for recipe in ("{", "7", "[7]", '{"op": "gamma"}', '[{"op": {"a": 1}}]', "[" * 3000, "[{}]" * 9):
        for target, more in ((f"{url}/step", {"do": "preview"}), (url, {"reason": REASON})):
            assert client.post(target, data=typed(page, recipe=recipe, **more)).status_code == 422


@pytest.mark.clause("LL55-1")
def test_a_reason_is_asked_for(bench):
    _, client, url = bench
    stepped = add(client, url, client.get(url), "gamma", gamma__value="1.4")
    for reason, said in (("", "Say why"), ("dark", "Say why"), ("x" * 2001, "2,000")):
        answer = client.post(url, data=typed(stepped, reason=reason))
        assert answer.status_code == 422
        assert said in text(answer)
        assert steps(answer) == ["Gamma 1.4."]
        assert soup(answer).select_one("#reason-error") is not None


def test_without_a_step_nothing_is_kept(bench):
    _, client, url = bench
    answer = client.post(url, data=typed(client.get(url), reason=REASON))
    assert answer.status_code == 422
    assert "Add at least one step." in text(answer)


def test_sent_twice_it_is_kept_once_and_no_file_is_left_over(bench):
    _, client, url = bench
    answer = add(client, url, client.get(url), "gamma", gamma__value="1.4")
    data, before = typed(answer, reason=REASON), set(stores().blobs.iter_ids())
    assert client.post(url, data=data).status_code == 303
    again = client.post(url, data=data)
    assert again.status_code == 409
    assert re.search(r"You took the last step here yourself at \d\d:\d\d", text(again))
    assert set(stores().blobs.iter_ids()) - before == {db.session.query(DerivedImage).one().blob_id}


@pytest.mark.clause("REQ-6", "ACC-1", "ACC-7")
def test_another_examiner_sees_why_not_and_no_face(bench, sign_in):
    _, client, url = bench
    page = client.get(url)
    other = sign_in("j.maple")
    seen = other.get(url)
    assert seen.status_code == 200
    assert "Another examiner works on this request." in text(seen)
    assert soup(seen).select("img, svg image, form#preparation") == []
    token = soup(other.get("/report-misuse")).select_one("input[name=csrf_token]")["value"]
    for target, more in ((f"{url}/step", {"do": "add:gamma"}), (url, {"reason": REASON})):
        assert other.post(target, data=typed(page, csrf_token=token, **more)).status_code == 422
    assert other.get(soup(page).select_one("#preview img")["src"]).status_code == 404


@pytest.mark.clause("ACC-11")
def test_a_preview_belongs_to_its_session_and_dies(bench, sign_in, monkeypatch):
    _, client, url = bench
    address = soup(client.get(url)).select_one("#preview img")["src"]
    assert client.get(address).status_code == 200
    assert sign_in("k.rowan").get(address).status_code == 404
    assert client.get(address[:-3] + "AAA").status_code == 404
    from app.blueprints.review.identification import previews

    monkeypatch.setattr(previews, "LIFE_SECONDS", -1)
    assert client.get(address).status_code == 410


@pytest.mark.clause("ACC-11")
def test_a_page_records_the_faces_it_shows_and_a_preview_nothing(bench):
    request, client, url = bench

    def seen() -> list[dict]:
        rows = db.session.query(AuditEvent).filter_by(event="faces.viewed").order_by(AuditEvent.sequence)
        return [json.loads(row.keys) for row in rows]

    page = client.get(url)
    assert seen()[-1] == {"page": "review.prepare", "faces": [request.current_images[0].uid]}
    count = len(seen())
    picture(client, page)
    client.post(f"{url}/step", data=typed(page, do="preview", gamma__value="2"), headers=HTMX)
    assert len(seen()) == count
    make_kept(client, url)
    row = db.session.query(DerivedImage).one()
    client.get(f"/review/{request.number}/probe")
    assert seen()[-1]["faces"] == [request.current_images[0].uid, row.uid]


def make_kept(client, url) -> None:
    answer = add(client, url, client.get(url), "gamma", gamma__value="1.4")
    assert client.post(url, data=typed(answer, reason=REASON)).status_code == 303


@pytest.mark.clause("SRC-4", "ACC-1")
def test_the_address_of_a_prepared_image_is_its_examiners(bench, sign_in):
    request, client, url = bench
    make_kept(client, url)
    shown = soup(client.get(url)).select("#kept img")
    assert client.get(shown[0]["src"]).status_code == 200
    assert client.get(f"/review/{request.number}/probe").status_code == 200
    assert sign_in("j.maple").get(shown[0]["src"]).status_code == 404
    assert "derived" in links.KINDS


def test_several_faces_are_picked_first(make, sign_in):
    request = make.request(state="documented", images=2)
    client, url = sign_in("k.rowan"), f"/review/{request.number}/prepare"
    page = client.get(url)
    assert soup(page).select_one("form#preparation") is None
    values = [box["value"] for box in soup(page).select("input[name=face]")]
    assert len(values) == 2
    chosen = client.get(url, query_string={"face": values[1]})
    assert "Original, image 2" in text(chosen)
    assert soup(client.get(url, query_string={"face": "nothing.1"})).select_one("form#preparation") is None
    assert client.post(f"{url}/step", data=typed(chosen, face="nothing.9", do="preview")).status_code == 422


def test_a_preview_of_a_large_picture_stays_small(bench, monkeypatch):
    """The bound on work: whatever the original, no step of a preview holds more than its budget."""
    from app.blueprints.review.identification import previews

    request, client, url = bench
    sizes = []
    plain = previews.apply

    def watched(bgr, recipe):
        sizes.append(bgr.shape[0] * bgr.shape[1])
        return plain(bgr, recipe)

    monkeypatch.setattr(previews, "apply", watched)
    monkeypatch.setattr(previews, "BUDGET", 40_000)
    shown = picture(client, client.get(url))
    assert sizes[0] <= 41_000
    image = request.current_images[0]
    assert shown.shape[1] / shown.shape[0] == pytest.approx(image.width / image.height, rel=0.02)


@pytest.mark.clause("LL55-1")
@pytest.mark.parametrize(
    "recipe",
    [
        [{"op": "mirror"}],
        [{"op": "Gamma", "value": 1.4}],
        [{"op": "gamma", "value": 1.4, "and": "mirror"}],
        [{"op": "gamma", "value": 1.400001}],
        [{"op": "gamma", "value": 1e400}],
        [{"op": "gamma", "value": 1.4}] * 2,
        [[{"op": "gamma", "value": 1.4}]],
        [{"op": "gamma", "value": 1.4}, {"op": "inpaint"}],
        {"op": "gamma", "value": 1.4},
    ],
    ids=[
        "forbidden",
        "spelling",
        "a second edit within",
        "decimals",
        "infinite",
        "twice",
        "nested",
        "second",
        "no list",
    ],
)
def test_a_forged_recipe_keeps_nothing_bypass(bench, recipe):
    """Past the page: the hidden field holds what no button offers."""
    _, client, url = bench
    answer = client.post(url, data=typed(client.get(url), recipe=json.dumps(recipe), reason=REASON))
    assert answer.status_code == 422
    assert db.session.query(DerivedImage).count() == 0


@pytest.mark.clause("LL55-1")
def test_a_change_is_not_kept_without_words_or_on_another_face_bypass(bench, make):
    _, client, url = bench
    recipe = json.dumps([{"op": "gamma", "value": 1.4}])
    other = make.request(state="documented", seed=9, requester="m.heron", supervisor="t.birch")
    face = other.current_images[0].faces[0]
    elsewhere = f"{face.image.uid}.{face.position}"
    before = client.get(url)
    for changes in ({"reason": "." * 60}, {"reason": "x" * 60}, {"reason": "\u200b" * 60}):
        assert client.post(url, data=typed(before, recipe=recipe, **changes)).status_code == 422
    client.post(url, data=typed(before, recipe=recipe, reason=REASON, face=elsewhere))
    assert [row for row in db.session.query(DerivedImage) if row.image.request_id == other.id] == []
    assert all(row.face.image.request_id == row.request_id for row in db.session.query(DerivedImage))
