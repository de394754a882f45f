"""`flask matching replay`: byte-identical here; tampering and loss found; another environment told (LL55-3)."""

from __future__ import annotations

import dataclasses
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.identification import preparation
from app.domain.identification import recipe_replay as replaying
from app.domain.identification.recipe_replay import replay
from app.extensions import db, stores
from app.imaging import recipe_ops
from app.models import DerivedImage
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work

pytestmark = pytest.mark.clause("LL55-3", "LL55-2")


@pytest.fixture
def row(make) -> DerivedImage:
    return make.prepare(make.request(state="documented"))


def run(app, record: str):
    return app.test_cli_runner().invoke(args=["matching", "replay", record])


def tamper(row: DerivedImage, **columns: object) -> DerivedImage:
    """Change a row as somebody with the database file could: the trigger is taken away first."""
    from app import audit

    with unit_of_work() as rows:
        rows.execute(text("DROP TRIGGER IF EXISTS derived_image_no_update"))
        for name, value in columns.items():
            rows.execute(text(f"UPDATE derived_image SET {name} = :v WHERE id = :id"), {"v": value, "id": row.id})
        audit.record("request.saved", row.request, fields=[])
    db.session.expire_all()
    return row


def test_a_recorded_recipe_gives_the_same_bytes_by_request_and_by_image(app, make, row):
    make.prepare(row.request, reason="A second attempt, the same way.")
    by_request, by_image = run(app, row.request.number), run(app, row.uid)
    assert (by_request.exit_code, by_image.exit_code) == (0, 0), by_request.output
    assert by_request.output.count("identical, SHA-256") == 2
    assert f"Prepared image 1 of {row.request.number} ({row.uid}): identical, SHA-256 {row.sha256}" in by_image.output
    assert by_image.output.count("identical") == 1


def test_an_unknown_record_and_a_request_without_prepared_images(app, make):
    answer = run(app, "FR-1900-000001")
    assert answer.exit_code == 1
    assert "no request, no search and no prepared image" in answer.output
    empty = make.request(state="submitted")
    answer = run(app, empty.number)
    assert (answer.exit_code, answer.output.strip()) == (
        0,
        f"{empty.number} has no prepared image.\n{empty.number} has no finished search.",
    )


def test_another_result_in_the_recorded_environment_ends_with_one(app, row, monkeypatch):
    plain = recipe_ops.apply

    def brighter(original, recipe):
        made = plain(original, recipe)
        made[0, 0] = made[0, 0] ^ 1
        return made

    monkeypatch.setattr(recipe_ops, "apply", brighter)
    answer = run(app, row.uid)
    assert answer.exit_code == 1
    assert "not identical. The largest difference of a level is 1 of 255." in answer.output
    assert "1 of 1 could not be replayed as recorded." in answer.output


def test_another_environment_is_told_and_is_no_failure(app, row, monkeypatch):
    plain = recipe_ops.apply
    monkeypatch.setattr(replaying, "environment", lambda: {**recipe_ops.environment(), "opencv": "9.9.9"})
    answer = run(app, row.uid)
    assert answer.exit_code == 0
    assert "identical" in answer.output
    assert f"opencv: recorded {row.environment['opencv']}, here 9.9.9" in answer.output
    monkeypatch.setattr(recipe_ops, "apply", lambda original, recipe: plain(original, recipe) ^ 3)
    answer = run(app, row.uid)
    assert answer.exit_code == 0, "elsewhere the difference is reported"
    assert "not identical. The largest difference of a level is 3 of 255." in answer.output
    monkeypatch.setattr(recipe_ops, "apply", lambda original, recipe: plain(original, recipe)[1:])
    assert "not identical. The size differs." in run(app, row.uid).output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: {"recipe": json.dumps({**row.recipe, "operations": row.recipe["operations"][:1]})}, "digest was"),
        (lambda row: {"recipe": json.dumps({"eyes": row.recipe["eyes"], "operations": [{"op": "paste"}]})}, "be read"),
        (lambda row: {"sha256": "0" * 64}, "The kept copy: The stored file is not the one its record describes"),
        (lambda row: {"original_sha256": "0" * 64}, "The original is not the one from which this image was made"),
    ],
    ids=["recipe", "no recipe", "digest", "original"],
)
def test_a_changed_row_is_found(app, row, change, said):
    tamper(row, **change(row))
    answer = run(app, row.uid)
    assert answer.exit_code == 1
    assert "not replayed" in answer.output
    assert said in answer.output


def test_a_recipe_changed_with_its_digest_is_found_by_the_bytes(app, row):
    from app.imaging.recipe import recipe_from

    other = {**row.recipe, "operations": [row.recipe["operations"][0], {"op": "gamma", "value": 1.3}]}
    tamper(row, recipe=json.dumps(other), recipe_digest=recipe_from(other).digest())
    answer = run(app, row.uid)
    assert answer.exit_code == 1
    assert "not identical. The largest difference" in answer.output


@pytest.mark.parametrize(("which", "said"), [("kept", "The kept copy:"), ("original", "The original:")])
def test_what_is_missing_is_named(app, row, which, said):
    stores().blobs.destroy(row.blob_id if which == "kept" else row.image.blob_id)
    answer = run(app, row.uid)
    assert answer.exit_code == 1
    assert f"{said} The stored file is absent" in answer.output


def test_after_the_key_is_destroyed_it_says_so(app, row):
    stores().keys.destroy(row.key_id)
    result = replay(row)
    assert not result.sound
    assert "key" in result.problem.lower()


@pytest.mark.clause("LL55-1")
def test_a_row_put_in_the_place_of_another_is_told_by_the_trail_bypass(make, people, row):
    """SQLite replaces a row without asking the trigger against changes: a whole, consistent record of milder steps."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite replaces a row so")
    for how in ("", "OR REPLACE ", "OR IGNORE "):
        with pytest.raises(IntegrityError, match="append-only"), unit_of_work() as rows:
            rows.execute(text(f"UPDATE {how}derived_image SET recipe = '[]' WHERE id = :id"), {"id": row.id})
    assert replay(row).sound
    face = row.face
    mild = preparation.stated_recipe(face, [{"op": "gamma", "value": 1.1}])
    made = preparation.develop(face, mild)
    changed = {"recipe": json.dumps(mild.plain()), "recipe_digest": mild.digest()}
    changed |= {"blob_id": made.stored.id, "sha256": made.stored.sha256}
    changed |= {"width": made.image.width, "height": made.image.height}
    columns = [column.name for column in DerivedImage.__table__.columns]
    chosen = ", ".join(f":{name}" if name in changed else name for name in columns)
    put = (
        f"INSERT OR REPLACE INTO derived_image ({', '.join(columns)}) SELECT {chosen} FROM derived_image WHERE id = :id"
    )
    from app import audit

    with unit_of_work() as rows:
        rows.execute(text(put), {**changed, "id": row.id})
        audit.record("request.saved", row.request, fields=[])
    db.session.expire_all()
    assert row.recipe_digest == mild.digest()
    found = replay(row)
    assert not found.sound and "audit trail" in found.problem


def test_pixels_of_other_steps_than_the_recipe_names_are_told_bypass(make, people):
    """The kept copy was blended or turned further than was written: its recipe gives other bytes."""
    request = make.request(state="documented")
    face = request.current_images[0].faces[0]
    strong = preparation.develop(face, preparation.stated_recipe(face, [{"op": "gamma", "value": 2.0}]))
    mild = preparation.stated_recipe(face, [{"op": "gamma", "value": 1.1}])
    with unit_of_work():
        kept = preparation.derive(
            request, people.actor("k.rowan"), dataclasses.replace(strong, recipe=mild), "The face lies in the shade."
        )
    found = replay(kept)
    assert not found.sound and not found.identical and found.largest


def test_neither_the_copy_nor_its_original_is_taken_away_later_bypass(make, people, row):
    """By removing the original as its filer, by withdrawing, and by preparing the same once more: both copies stay."""
    from app.domain.requests import images, verbs

    again = make.prepare(row.request, reason="A second attempt, the same way.")
    assert (again.sha256, again.blob_id != row.blob_id) == (row.sha256, True)
    filer = people.actor("d.lark")
    with pytest.raises(Refused), unit_of_work():
        images.remove_image(row.image, filer)
    try:
        with unit_of_work():
            verbs.withdraw(row.request, filer, "Not needed any more.")
    except Refused:
        assert row.request.state != "withdrawn"
    assert row.image.removed_at is None
    for kept in (row, again):
        assert stores().blobs.get(kept.blob_id, kept.key_id, kept.sha256)
