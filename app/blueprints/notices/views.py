"""Whether notices leave the portal by e-mail, for administrators."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.access.guard import needs
from app.domain.notices import mail_status
from app.models.base import now
from app.web.pages import page

bp = Blueprint("notices", __name__)


@bp.get("/mail")
@needs("mail.read")
def mail() -> ResponseReturnValue:
    """Whether e-mail leaves the portal, and what stands in its way; never to whom or about what."""
    return page("notices/mail_status.html", server=mail_status.server(), status=mail_status.current(), now=now())
