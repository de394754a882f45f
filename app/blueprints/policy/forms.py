"""The form that checks a report or package."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import ValidationError

from app.blueprints.limits import Length
from app.documents.approval.manifest import normalise_code

MALFORMED = (
    "This is not a report's code: a code has four groups of four letters and digits, for example 7K3M-Q2RT-9WXA-4HBC."
)


class VerifyForm(FlaskForm):
    """The code of a report, the file itself where the reader has it, or both."""

    code = StringField("Code", [Length(max=60)])
    file = FileField("The file: a report’s PDF, a package, or a written decision")

    def validate_code(self, field: StringField) -> None:
        if not (field.data or "").strip():
            if not self.file.data:
                raise ValidationError("Enter the code printed on the report, or choose the file.")
        elif normalise_code(field.data or "") is None:
            raise ValidationError(MALFORMED)

    def tell_malformed(self) -> None:
        """Say at the field that a code taken from the address is none, before anybody asks for it."""
        if normalise_code(self.code.data or "") is None:
            self.code.errors = [MALFORMED]
