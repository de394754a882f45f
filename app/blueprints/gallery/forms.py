"""The one field of the gallery area."""

from __future__ import annotations

from wtforms import Form, StringField
from wtforms.validators import InputRequired

from app.blueprints.limits import Length


class LookupForm(Form):
    """One record, by its own number or by its person's."""

    number = StringField(
        "Record or person number",
        [InputRequired("Enter a record number or a person number."), Length(max=40)],
        filters=[lambda value: value.strip() if value else ""],
    )
