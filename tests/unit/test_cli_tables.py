"""Tables of the command line: whole in a pipe, fitted to a terminal, and never read as markup."""

from __future__ import annotations

from app.cli.tables import show, table_lines

UID = "0f8b7c52-5d0e-4c8e-9a53-1f7d1c2b3a49"


def test_a_pipe_gets_every_row_on_one_line_however_long() -> None:
    sentence = "word " * 400 + "end"
    lines = table_lines([(UID, "held", sentence), (UID[::-1], "refused", "short")])
    assert lines == [f"{UID}  held     {sentence}", f"{UID[::-1]}  refused  short"]


def test_a_terminal_wraps_the_last_column_and_never_an_id() -> None:
    lines = table_lines([(UID, "held", "one two three four five six seven eight")], width=64, indent=2)
    assert len(lines) > 1 and all(len(line) <= 64 for line in lines)
    assert lines[0].startswith(f"  {UID}  held  ")
    assert " ".join(" ".join(lines).split()).endswith("held one two three four five six seven eight")


def test_numbers_stand_to_the_right_under_their_heading() -> None:
    lines = table_lines([("exports", 7), ("searches", "1,204")], ("kind", "jobs"), numbers=(1,))
    assert lines == ["kind       jobs", "exports       7", "searches  1,204"]


def test_names_are_no_markup() -> None:
    assert table_lines([("[red]O'Neil[/red]", ":smile:", "[x]")]) == ["[red]O'Neil[/red]  :smile:  [x]"]


def test_no_rows_are_no_table() -> None:
    assert table_lines([], ("kind", "jobs")) == []


def test_what_is_shown_in_a_pipe_has_no_colour(capsys) -> None:
    show([("exports", "done")], ("kind", "state"))
    assert capsys.readouterr().out == "kind     state\nexports  done\n"
