"""ANSI/NIST-ITL files for tests, written by nistitl as a booking system would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import nistitl

from tests.drawn_gallery import arrest_photograph

#: what a lawful file states, by field; `transaction` replaces and, with None, leaves out
STATED: Mapping[str, str] = {
    "1.009": "R-0001-0",
    "2.015": "P-0001",
    "2.018": "Demo, Person",
    "2.022": "19800504",
    "2.026": "SC L EYE",
    "2.027": "510",
    "2.029": "160",
    "2.047": "Petit larceny",
    "2.901": "A",
    "2.902": "Y",
    "2.903": "CR",
    "2.904": "A",
    "2.905": "ARR-00001-0",
    "10.003": "FACE",
    "10.005": "20240115",
    "10.011": "JPEGB",
    "10.020": "F",
}


def transaction(
    images: Sequence[bytes | tuple[bytes, Mapping[str, str | None]]] | None = None,
    *,
    utf8: bool = False,
    **changes: str | None,
) -> bytes:
    """A file of one record. images: (bytes, changes of its own) for each Type-10 record; changes: “f2_018=…”."""
    given = {**STATED, **{name[1:].replace("_", "."): value for name, value in changes.items()}}
    message = nistitl.Message()
    message.TOT = "MUG"
    if utf8:
        fields = nistitl.Field(1, 15)
        fields.add_subfields(nistitl.SubField())
        fields[0].add_values("3", "UTF-8")
        message[0].__iadd__(fields)
    if given["1.009"] is not None:
        message[0].TCN = given["1.009"]
    facts = nistitl.AsciiRecord(2)
    facts.IDC = 0
    for name, value in given.items():
        if name.startswith("2.") and value is not None:
            text = value.encode("utf-8").decode("latin-1") if utf8 else value
            facts += nistitl.Field(2, int(name[2:]), text)
    message += facts
    chosen = [arrest_photograph(1)] if images is None else images
    for idc, image in enumerate(chosen, 1):
        data, own = image if isinstance(image, tuple) else (image, {})
        record = nistitl.AsciiRecord(10)
        record.IDC = idc
        for name, value in {**given, **own}.items():
            if name.startswith("10.") and value is not None:
                record += nistitl.Field(10, int(name[3:]), value)
        record += nistitl.BinaryField(10, 999, data)
        message += record
    return message.NIST
