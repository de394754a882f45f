"""How long a typed text may be: refused with how much of it is too much, never cut.

The field component (templates/components/forms.html) counts against the same limit while somebody types.
"""

from __future__ import annotations

from typing import Any

from wtforms import Form, validators
from wtforms.validators import ValidationError


class Length(validators.Length):
    """WTForms' Length, except that its message says by how much a text is too long; the given one is for too short.

    A text of more than twice its limit is not put on the page again, which would send back whatever anybody sends.
    """

    def __call__(self, form: Form, field: Any) -> None:
        too_many = len(field.data or "") - self.max
        if self.max >= 0 and too_many > 0:
            count = f"{too_many:,} character{'' if too_many == 1 else 's'}"
            if too_many > self.max:
                field.data = ""
                raise ValidationError(f"{count} too many: at most {self.max:,} fit. The text is not shown again.")
            raise ValidationError(f"{count} too many: at most {self.max:,} fit. Nothing was cut.")
        super().__call__(form, field)
