"""The worksheet as form fields: what every page that compares two faces by hand shares (SRC-2).

One page may hold several worksheets, each under a field-name prefix of its own ("" for a page with one)::

    fields = worksheet_fields("a-")             # put into a FlaskForm class, beside the form's other fields
    data = worksheet_data(stored, "a-")         # a stored worksheet as the data of such a form
    features = features_of(form, "a-")          # what was typed: {component: {verdict, note, parts {part: verdict}}}
    mark(form, worksheet_faults(features, prefix="a-"), ())   # app.domain.examination.worksheet_conditions
    known_features(features)                    # app.domain.examination.worksheets: what is stored, nothing foreign
    in it

In templates, `review/_worksheet.html`: `worksheet_rows(form, sheet, prefix)` draws the controls, and
`worksheet_read(features, sheet, verdicts)` a stored worksheet. `sheet` is `policy().review.worksheet`.

The names of the fields are the prefix, then the component ("ears"), its note ("ears_note"), or one of its parts
("ears__lobe"). No prefix may hold two underscores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Form, HiddenField, StringField, TextAreaField

from app.blueprints.choice_fields import SelectField
from app.blueprints.fact_fields import choice_field, stripped
from app.blueprints.limits import Length
from app.policy import policy

NOTE = "_note"
PART = "__"


def worksheet_fields(prefix: str = "") -> dict[str, Any]:
    """Unbound fields of one worksheet: a verdict and a note for each component, a verdict for each of its parts."""
    sheet = policy().review.worksheet
    verdicts = [(verdict.value, verdict.label) for verdict in sheet.verdicts]
    fields: dict[str, Any] = {}
    for component in sheet.everything:
        name = prefix + component.value
        fields[name] = choice_field(component.label, verdicts)
        fields[name + NOTE] = StringField(f"{component.label}: what was seen", [Length(max=500)], filters=[stripped])
        for part in component.parts:
            label = f"{component.label}: {part.label.lower()}"
            choices = [("", "Not judged"), *verdicts]
            fields[name + PART + part.value] = SelectField(label, choices=choices, validate_choice=False)
    return fields


def worksheet_form(prefix: str = "", **values: Any) -> FlaskForm:
    """The examiner's own worksheet of one candidate; the button that sends the form says excluded or retained."""
    fields = {
        "version": HiddenField(),
        "decision": HiddenField(),
        **worksheet_fields(prefix),
        "justification": TextAreaField(
            "Justification of unexplained differences in lasting features", [Length(max=2000)], filters=[stripped]
        ),
        "remark": TextAreaField("Remark", [Length(max=2000)], filters=[stripped]),
    }
    return type("WorksheetForm", (FlaskForm,), fields)(**values)


def features_of(form: Form, prefix: str = "") -> dict[str, dict[str, Any]]:
    """The worksheet as typed: {component: {verdict, note, parts}} of every component with anything in it."""
    return dict(_typed(form, prefix))


def _typed(form: Form, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for component in policy().review.worksheet.everything:
        name = prefix + component.value
        parts = {part.value: form[name + PART + part.value].data for part in component.parts}
        given = {
            "verdict": form[name].data or "",
            "note": form[name + NOTE].data or "",
            "parts": {part: verdict for part, verdict in parts.items() if verdict},
        }
        if any(given.values()):
            yield component.value, given


def worksheet_data(features: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A stored worksheet as the data of a form."""
    data: dict[str, Any] = {}
    for component, given in features.items():
        data[prefix + component] = given.get("verdict")
        data[prefix + component + NOTE] = given.get("note")
        for part, verdict in given.get("parts", {}).items():
            data[prefix + component + PART + part] = verdict
    return data
