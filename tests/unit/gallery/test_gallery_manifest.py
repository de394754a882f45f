"""The manifest is read strictly: one clear line for what is wrong, and no file outside the folder."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from app.domain.gallery.intake_manifest import IntakeError, Row, file_below, leads_outside, manifest_rows, value_faults
from tests.drawn_gallery import COLUMNS, row

HEADER = ",".join(COLUMNS)
TODAY = date(2026, 11, 23)


def manifest(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def line(**changes: str) -> str:
    return ",".join(row(1, 0, **changes)[column] for column in COLUMNS)


def test_rows_are_read_with_their_lines_also_after_a_byte_order_mark(tmp_path):
    path = manifest(tmp_path, "\ufeff" + HEADER + "\r\n" + line(marks='"two\nlines"') + "\r\n\r\n" + line() + "\r\n")
    first, second = manifest_rows(path)
    assert (first.line, second.line) == (2, 5)
    assert first["record_number"] == "R-0001-0" and first["marks"] == "two\nlines"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEADER + ",shoe_size\n" + line() + ",9\n", "unknown column shoe_size"),
        (HEADER.replace(",charge,", ",") + "\n", "lacks the column charge"),
        (HEADER.replace(",source_record,", ",") + "\n", "lacks the column source_record"),
        (HEADER + ",name\n", "more than once"),
        ("", "is empty"),
        (HEADER + "\n", "no rows"),
        (HEADER + "\n" + line() + ",more\n", "line 2: 16 fields, but 15 columns"),
        ((HEADER + "\n" + line(name="José")).encode("latin-1"), "not UTF-8"),
        (HEADER + '\n"open', "not CSV"),
        (HEADER + "\n" + line(name="a\0b") + "\n", None),
    ],
)
def test_what_is_no_manifest_is_one_clear_line(tmp_path, content, said):
    path = manifest(tmp_path, content)
    if said is None:
        # Python's CSV reader refuses or passes a NUL by version; neither may be a traceback
        try:
            list(manifest_rows(path))
        except IntakeError as error:
            assert "\n" not in str(error)
        return
    with pytest.raises(IntakeError) as caught:
        list(manifest_rows(path))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_manifest_is_one_clear_line(tmp_path):
    with pytest.raises(IntakeError, match="There is no manifest"):
        list(manifest_rows(tmp_path / "manifest.csv"))
    with pytest.raises(IntakeError, match="cannot be read"):
        list(manifest_rows(tmp_path))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("taken_on", "15/03/2024"),
        ("taken_on", "2024-02-30"),
        ("taken_on", "2031-01-01"),
        ("taken_on", "20240301"),
        ("born_on", "1899-12-31"),
        ("born_on", "2024-12-31"),
        ("height_in", "5'11"),
        ("height_in", "900"),
        ("weight_lb", "-4"),
        ("weight_lb", "１６０"),
        ("record_number", "R" * 41),
        ("record_number", "=1+1"),
        ("person_number", "../etc"),
        ("marks", "x" * 1001),
    ],
)
def test_each_malformed_value_is_named(column, value):
    assert value_faults(Row(2, row(1, 0)), TODAY) == []
    assert len(value_faults(Row(2, row(1, 0, **{column: value})), TODAY)) == 1


@pytest.mark.parametrize("name", ["../secret.jpg", "sub/../../secret.jpg", "link.jpg", "linked/secret.jpg"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    folder = tmp_path / "import"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "linked").symlink_to(tmp_path)
    assert leads_outside(folder, name)
    assert file_below(folder, name) is None


def test_only_regular_files_below_the_folder_are_read(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert file_below(tmp_path, "a.jpg") == tmp_path / "a.jpg"
    assert leads_outside(tmp_path, str(tmp_path.parent / "b.jpg")) and leads_outside(tmp_path, "a\0b")
    for name in ("pipe.jpg", "", ".", "none.jpg", "a\0b", "x" * 5000):
        assert file_below(tmp_path, name) is None
