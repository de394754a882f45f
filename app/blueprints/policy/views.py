"""The policy as the portal applies it, and the check of a report or package; both open to everybody."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app.access.guard import public
from app.blueprints.policy.forms import VerifyForm
from app.blueprints.policy.reading import drawing, groups
from app.documents.disclosures.package import VERIFYING
from app.domain.approval.verification import Answer
from app.domain.approval.verification import verify as verify_issued
from app.domain.gallery import by_source
from app.domain.requests.class_figures import requests_by_class
from app.extensions import stores
from app.policy import policy
from app.web.pages import page

bp = Blueprint("policy", __name__)


TABS = (
    ("Clauses", "policy.index"),
    ("Uses", "policy.uses"),
    ("Disclosures", "policy.disclosures"),
    ("Workflow", "policy.workflow"),
    ("Roles", "policy.roles"),
    ("Notices", "policy.notices"),
    ("Versions", "policy.all_versions"),
    ("Figures", "policy.figures"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of the policy."""

    label: str
    url: str
    active: bool


def policy_page(template: str, **context: object) -> str:
    """Render a page of the policy below the row of its parts."""
    tabs = [Tab(label, url_for(endpoint), endpoint == request.endpoint) for label, endpoint in TABS]
    return page(template, tabs=tabs, **context)


@bp.get("/policy")
@public("the policy is a public document")
def index() -> ResponseReturnValue:
    return policy_page("policy/index.html", groups=groups())


@bp.get("/policy/uses")
@public("the policy is a public document")
def uses() -> ResponseReturnValue:
    """The authorized uses with the facts each asks for, and the purposes that are refused."""
    return policy_page("policy/uses.html", rules=policy().request)


@bp.get("/policy/disclosures")
@public("the policy is a public document")
def disclosures() -> ResponseReturnValue:
    """Who may be given what, on which of the seven bases, decided by whom."""
    return policy_page("policy/disclosures.html", rules=policy().disclosure)


@bp.get("/policy/workflow")
@bp.get("/policy/workflow/<string(maxlength=30):subject>")
@public("the policy is a public document")
def workflow(subject: str = "request") -> ResponseReturnValue:
    """One workflow, drawn and in words, with the way to all others."""
    flows = policy().workflows
    if subject not in flows:
        abort(404)
    others = [
        Tab(flow.noun.capitalize(), url_for("policy.workflow", subject=name), name == subject)
        for name, flow in flows.items()
    ]
    return policy_page("policy/workflow.html", flow=flows[subject], drawing=drawing(subject), flows=others)


@bp.get("/policy/roles")
@public("the policy is a public document")
def roles() -> ResponseReturnValue:
    return policy_page("policy/roles.html")


@bp.get("/policy/notices")
@public("the policy is a public document")
def notices() -> ResponseReturnValue:
    return policy_page("policy/notices.html")


@bp.get("/policy/figures")
@public("how much is asked for which class of offense, and how large the repository is, is for everybody to know")
def figures() -> ResponseReturnValue:
    """Requests by class of offense, and the repository by source: numbers alone (CAP-9)."""
    rule = policy().request.seriousness
    counted = [one.title for one in rule.classes]
    counted += ["A crime stated by a supervisor", "Uses never asked", "Not asked then"]
    return policy_page(
        "policy/figures.html",
        rule=rule,
        headings=[{"label": "Year"}, *({"label": label, "num": True} for label in counted)],
        years=requests_by_class(),
        sources=by_source.figures(),
    )


@bp.get("/verify")
@public("a court or defense that holds a report or package can check it")
def verify() -> ResponseReturnValue:
    return _verify_page(VerifyForm(formdata=None))


@bp.get("/verify/keys/<any('signing-key.pem', 'certificate.pem'):name>")
@public("whoever holds a paper of the department checks its signature with the public key")
def public_key(name: str) -> Response:
    """The key that signs manifests and packages, or the certificates behind signed PDF files, as text."""
    text = stores().signer.public_key_pem if name == "signing-key.pem" else stores().documents.certified.pem
    return Response(text, mimetype="text/plain")


@bp.get("/verify/<code>")
@public("the address printed on a report, with its code filled in")
def verify_printed(code: str) -> ResponseReturnValue:
    """The form with the code filled in: asking is the reader's own act, so that opening an address records nothing."""
    form = VerifyForm(formdata=None, code=code[:60])
    form.tell_malformed()
    return _verify_page(form, printed=not form.errors)


@bp.post("/verify")
@public("a court or defense that holds a report or package can check it")
def verify_post() -> ResponseReturnValue:
    form = VerifyForm()
    if not form.validate():
        return _verify_page(form), 422
    sent = form.file.data.read() if form.file.data else None
    answer = verify_issued(form.code.data or "", sent)
    return _verify_page(form, answer=answer, asked=True), 200 if answer else 404


def _verify_page(form: VerifyForm, answer: Answer | None = None, asked: bool = False, printed: bool = False) -> str:
    return page(
        "policy/verify.html",
        form=form,
        answer=answer,
        asked=asked,
        printed=printed,
        action=url_for("policy.verify_post"),
        signing_key=stores().signer.fingerprint,
        certificate=stores().documents.certified.fingerprint,
        verifying=VERIFYING,
    )
