"""The values of each part of an address: `<area>.<name>` or `<endpoint>.<name>` -> its value for an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule

from app.policy import policy
from tests.purposes import purposes

if TYPE_CHECKING:
    from tests.sweep.world import World

Value = Callable[["World", str], Any]


def number(world: World, on: str) -> str:
    return world.get(on).number


def round_uid(world: World, on: str) -> str:
    return world.get(on).rounds[-1].uid


def foreign_address(world: World, on: str) -> str:
    """A face address made for another session than that of whoever uses it."""
    from flask import g

    from app.blueprints.images.links import _signer

    g.session_uid = None
    return _signer().dumps(["0" * 32, "probe", world.get(on).images[0].uid])


def version(world: World, on: str) -> str:
    """The version of a disposal or hold of the world."""
    from app.models import Disposal, LegalHold

    model = LegalHold if world.kept[on].startswith("H-") else Disposal
    return str(model.query.filter_by(number=world.kept[on]).one().version)


def class_confirmed(world: World, on: str) -> dict[str, str]:
    """The class the rules propose for a closed case, on its history as it stands."""
    from app.models import CaseRecord

    record = CaseRecord.query.filter_by(case_number=world.kept[on]).one()
    seen = str(len(record.history))
    return {"class-version": str(record.version), "class-history_seen": seen, "class-classes": "violation"}


def hold_stated(world: World, on: str) -> dict[str, str]:
    """A hold of a case record or person file, on its version as it stands."""
    from app.models import CaseRecord, PersonFile

    kept = world.kept[on]
    record = CaseRecord.query.filter_by(case_number=kept).first() or PersonFile.query.filter_by(uid=kept).one()
    return {"hold-version": str(record.version), "hold-kind": "litigation", "hold-reason": "A claim was announced."}


def foreign_preview(world: World, on: str) -> str:
    """The address of a preview made for another session than that of whoever uses it."""
    from app.blueprints.review.identification.previews import _signer

    return _signer().dumps(["0" * 32, world.get(on).images[0].faces[0].uid, []])


def order_stated(world: World, on: str) -> dict[str, str]:
    """A sealing order about a record that is not held: whoever may, can have it carried out."""
    from app.calendar import today

    return {
        "kind": "sealed",
        "order_number": "IND-99",
        "authority": "Criminal Court",
        "dated": today().isoformat(),
        "records": "R-not-held",
    }


def notice_stated(world: World, on: str) -> dict[str, str]:
    """The words of a notice, sent."""
    from app.models import SealingNotice

    row = SealingNotice.query.filter_by(uid=world.kept[on]).one()
    given = {
        "version": str(row.version),
        "text": "A photograph in the disclosure was sealed. Please answer.",
        "how": "By post",
    }
    return {**{f"n{row.id}-{name}": value for name, value in given.items()}, "send": "1"}


def copy_answered(world: World, on: str) -> dict[str, str]:
    """What became of a delivered copy."""
    from app.calendar import today
    from app.models import LeftCopy, SealedCopy

    row = (LeftCopy if on == "left_copy" else SealedCopy).query.filter_by(uid=world.kept[on]).one()
    given = {"version": str(row.version), "end": "returned", "on": today().isoformat(), "how": "Brought back by hand."}
    return {f"c{row.id}-{name}": value for name, value in given.items()}


def recipient_told(world: World, on: str) -> dict[str, str]:
    """How a recipient was told of a copy."""
    from app.models import LeftCopy

    row = LeftCopy.query.filter_by(uid=world.kept[on]).one()
    return {f"t{row.id}-version": str(row.version), f"t{row.id}-how": "By registered letter"}


def case_number(world: World, on: str) -> str:
    """The number of a case record of the world, or of a request."""
    return world.kept[on] if on in world.kept else world.get(on).case_number


def number_version(world: World, on: str) -> str:
    from app.models import CaseNumber

    return str(CaseNumber.query.filter_by(number=case_number(world, on)).one().version)


def sample_shown(world: World, on: str) -> str:
    """The version of what the page shows of an import's sample."""
    from app.domain.gallery import samples
    from app.models import GalleryImport

    return samples.shown(GalleryImport.query.filter_by(uid=world.kept[on]).one())


#: the id of a link that is not there
NO_LINK = "0" * 32
LINKED_BECAUSE = "Both are the robbery at Example Street 12."

VALUES: dict[str, Value] = {
    "matters.number": case_number,
    "matters.uid": lambda world, on: NO_LINK,
    "requests.number": number,
    "requests.report.number": lambda world, on: world.get(on).reports[-1].number,
    "requests.uid": lambda world, on: world.get(on).images[0].uid,
    "review.number": number,
    "review.uid": round_uid,
    "review.place": lambda world, on: 1,
    "review.change_mark.number": lambda world, on: 1,
    "review.remove_mark.number": lambda world, on: 1,
    "review.letter": lambda world, on: "A",
    "peer_review.number": number,
    "proficiency.uid": lambda world, on: world.get(on).uid,
    "review.token": foreign_preview,
    "approval.number": number,
    "answers.number": number,
    "answers.uid": lambda world, on: world.get(on).current_round.background_checks[0].uid,
    "answers.code": lambda world, on: "inconsistency-height",
    "repeats.number": number,
    "changes.number": number,
    "replays.uid": lambda world, on: world.get(on).current_search.uid,
    "workload.number": number,
    "training.uid": lambda world, on: world.account(on).uid,
    "retention.case_number": lambda world, on: world.kept[on],
    "retention.uid": lambda world, on: world.kept[on],
    "retention.number": lambda world, on: world.kept[on],
    "samples.uid": lambda world, on: world.kept[on],
    "oversight.uid": lambda world, on: world.misuse,
    "images.token": foreign_address,
    "policy.subject": lambda world, on: "request",
    "disclosures.number": number,
    "disclosures.document.uid": lambda world, on: world.get(on).documents[0].uid,
    "disclosures.remove_document.uid": lambda world, on: world.get(on).documents[0].uid,
    "disclosures.item.uid": lambda world, on: world.get(on).items[0].uid,
    "disclosures.package.package": lambda world, on: world.get(on).packages[-1].number,
    "exports.uid": lambda world, on: world.kept[on],
    "disclosures.decision.uid": lambda world, on: world.get(on).decisions[-1].uid,
    "policy.digest": lambda world, on: policy().version,
    "policy.name": lambda world, on: policy().texts[0].name,
    "policy.public_key.name": lambda world, on: "signing-key.pem",
    "policy.code": lambda world, on: "ABCD-EFGH",
    "static.filename": lambda world, on: "css/theme.css",
}


def judged(world: World, on: str) -> dict[str, str]:
    """A word on one answer; its fields stand under the check and the rule."""
    check = world.get(on).current_round.background_checks[0]
    return {f"{check.uid[:8]}-inconsistency-height-version": str(world.get(on).version)}


PASSWORD = "corroborate-demo"
#: what a form must hold so that the question is about the person and not about the form
FORMS: dict[str, Callable[[World, str], dict[str, str]]] = {
    "requests.confirm_discussion": lambda world, on: {"version": str(world.get(on).version), **purposes()},
    "retention.review_schedule": lambda world, on: {
        "edition": "Second edition",
        "outcome": "new_edition",
        "note": "The periods of the newest edition were compared one by one.",
    },
    "retention.approve": lambda world, on: {"approve-version": version(world, on), "approve-password": PASSWORD},
    "retention.decline": lambda world, on: {"version": version(world, on), "reason": "The unit asked to wait."},
    "answers.judge": judged,
    "retention.withdraw": lambda world, on: {"version": version(world, on), "reason": "Proposed by mistake."},
    "retention.classify": class_confirmed,
    "retention.release": lambda world, on: {"version": version(world, on), "reason": "The claim was withdrawn."},
    "matters.link": lambda world, on: {
        "version": number_version(world, on),
        "other": "DB-2026-9901",
        "reason": LINKED_BECAUSE,
    },
    "matters.decide": lambda world, on: {
        f"{NO_LINK[:8]}-version": number_version(world, on),
        f"{NO_LINK[:8]}-reason": LINKED_BECAUSE,
        "act": "part",
    },
    "retention.hold_case": hold_stated,
    "retention.hold_person": hold_stated,
    "retention.propose": lambda world, on: {"item": f"case_record:{world.kept['due']}", "reason": "It has run."},
    "retention.preview_sealing": order_stated,
    "retention.seal": lambda world, on: {**order_stated(world, on), "password": PASSWORD},
    "retention.notice": notice_stated,
    "retention.end_copy": copy_answered,
    "retention.end_left_copy": copy_answered,
    "retention.tell_left_copy": recipient_told,
    "review.give_verdict": lambda world, on: {"version": world.get(on).stand},
    "review.exclude_in_line": lambda world, on: {"quick-version": "1"},
    "review.compare_in_line": lambda world, on: {"version": "1"},
    "review.change_mark": lambda world, on: {"mark-1-version": "1"},
    "review.remove_mark": lambda world, on: {"mark-1-version": "1"},
    "samples.sign": lambda world, on: {"version": sample_shown(world, on), "password": PASSWORD},
    "training.revoke": lambda world, on: {"record": world.training_of(on).uid},
}


def values_of(world: World, rule: Rule, on: str) -> dict[str, Any]:
    """The parts of a route's address; KeyError with what to type for one that nobody described."""
    area = rule.endpoint.split(".")[0]
    found = {}
    for name in rule.arguments:
        value = VALUES.get(f"{rule.endpoint}.{name}") or VALUES.get(f"{area}.{name}")
        if value is None:
            raise KeyError(
                f'say in tests/sweep/addresses.py what <{name}> of {rule.endpoint} is: VALUES["{area}.{name}"] = …'
            )
        found[name] = value(world, on)
    return found
