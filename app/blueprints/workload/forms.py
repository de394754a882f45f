"""The forms of the workload area: the receiver of work and the notes; the period of the figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import Form, TextAreaField

from app.blueprints.choice_fields import SelectField
from app.blueprints.fact_fields import stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import VersionForm
from app.models import Account
from app.policy import policy

SHOWN = [("open", "All open"), ("unassigned", "Unassigned"), ("overdue", "Overdue")]
#: the periods that figures are offered for, in days
PERIODS = (30, 90, 365)


class PassOnForm(VersionForm):
    """SRC-2: who receives the work, with notes on its state. The domain checks whether the notes suffice."""

    receiver = SelectField("To", validate_choice=False)
    notes = TextAreaField("Notes: where the work stands", [Length(max=4000)], filters=[stripped])

    def __init__(self, people: Iterable[Account], **values: Any) -> None:
        super().__init__(**values)
        listed = [(one.uid, one.titled) for one in people]
        self.receiver.choices = [("", "Choose an examiner"), *listed]


class WorkFilter(Form):
    """The filter of the unit's work."""

    show = SelectField("Show", choices=SHOWN, default="open", validate_choice=False)
    priority = SelectField("Priority", validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.priority.choices = [("", "Any"), *((p.id, p.title) for p in policy().request.priorities.values())]


class PeriodFilter(Form):
    """The period of the figures."""

    days = SelectField("Reports delivered in the last", choices=[(str(n), f"{n} days") for n in PERIODS], default="90")

    @property
    def chosen(self) -> int:
        """Return the days asked for; the default for anything that is not offered."""
        return int(self.days.data) if self.days.data in {str(n) for n in PERIODS} else 90
