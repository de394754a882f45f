"""One truth for states: what the workflow files say of them, that nothing else lists them, nothing is asked amiss."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from app.models import FRRequest
from app.policy import policy
from app.policy.loader import PolicyError, load
from app.policy.state_validation import MARKS
from app.policy.types import Mark
from app.workflow.engine import subjects
from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[2]
FLOWS = policy().workflows
FLOW = policy().workflow("request")
VERBS = {row.verb for flow in FLOWS.values() for row in flow.transitions}
#: where the states' names stand by right: the rules themselves, and the CHECK constraints that repeat them
BESIDE = ("app/policy/", "app/models/")
#: file:name -> why it is no list of states, though half of its words are names of states too
NO_STATES = {
    "app/blueprints/disclosures/rendering.py:DECISIONS": "kinds of a decision, as its rows hold them",
    "app/blueprints/review/peers/blind_view.py:ENDED": "how a line ended, which is no workflow",
    "app/domain/examination/earlier_verdicts.py:TAKEN_BACK": "how a line ended, which is no workflow",
    "app/domain/approval/judged.py:BASIS": "kinds of a decision on the basis, as its rows hold them",
    "app/domain/approval/round_file.py:DECISIONS": "kinds of a final review, as its rows hold them",
}
#: templates that list how the assignment of a line to a peer ended, which is no workflow
ENDINGS = ("approval/peers.html", "review/peers/line_done.html", "review/peers/line_queue.html")


# What the loader refuses ------------------------------------------------------------------------------------

SEARCHED = 'id = "searched"\ntitle = "Searched"\n'
MARK = '[[workflow.mark]]\nid = "kept_up"\ntext = "Kept up."\n\n'
PHASE = '[[workflow.phase]]\nid = "x"\ntitle = "X"\nwhose = "Y"\n\n'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (SEARCHED, SEARCHED + "assigned = true\n", "searched: Object contains unknown field `assigned`"),
        ('marks = ["filed", "due", "assigned"]', 'marks = ["filed", "overdue"]', "Invalid enum value 'overdue'"),
        ('marks = ["filed", "due", "assigned"]', 'marks = ["filed", "kept_up"]', "unknown mark 'kept_up'"),
        ('marks = ["filed", "due", "assigned"]', 'marks = ["filed", "filed"]', "a mark stands twice"),
        ('[[workflow.mark]]\nid = "due"', '[[workflow.mark]]\nid = "kept_up"', "the program asks for the mark 'due'"),
        ('[[workflow.mark]]\nid = "due"', MARK + '[[workflow.mark]]\nid = "due"', "kept_up: no state carries this"),
        ('tone = "idle"\n', "", "draft: Object missing required field `tone`"),
        ('verb = "submit", by = "requester"', 'verb = "accept", by = "requester"', "draft: no step 'accept' leads"),
        ('verb = "submit", by = "requester"', 'verb = "submit", by = "owner"', "draft: Invalid enum value 'owner'"),
        ('told_as = "with_unit"', 'told_as = "elsewhere"', "documented: told as unknown 'elsewhere'"),
        ('step = "Outcome"', 'step = "Beyond"', "unknown step 'Beyond'"),
        ('\nstep = "Report"\n', "\n", "belongs to no step"),
        ('unit_step = "Basis"', 'unit_step = "Beyond"', "unknown step 'Beyond' inside the unit"),
        ('phase = "report"', 'phase = "beyond"', "unknown phase 'beyond'"),
        ('[[workflow.phase]]\nid = "basis"', PHASE + '[[workflow.phase]]\nid = "basis"', "x: no state belongs to this"),
    ],
)
def test_a_broken_attribute_stops_the_start_and_is_named(broken, old, new, says):
    with pytest.raises(PolicyError, match=re.escape(says)):
        load(broken("requests/workflow.toml", old, new))


def test_a_part_that_a_subject_does_not_have_is_refused(broken):
    copy = broken("disclosures/workflow.toml", 'verb = "submit", by = "requester"', 'verb = "submit", by = "examiner"')
    with pytest.raises(PolicyError, match="no disclosure has the part 'examiner'"):
        load(copy)


# What the attributes say ------------------------------------------------------------------------------------


def test_the_marks_agree_with_each_other():
    """What cannot be true together, or without each other, whoever edits the file next."""
    that = {mark.id: set(FLOW.states_that(mark.id)) for mark in FLOW.marks}
    assert that["assigned"] < that["due"] < that["filed"]
    assert that["answered"] < that["filed"] - that["due"]
    assert not that["round_open"] & that["file_open"], "a peer could read a colleague's verdict"
    assert not that["due"] & set(FLOW.states_that("final"))
    assert set(FLOW.sources_of("take_over", "assign", "hand_over")) <= that["assigned"]
    assert set(FLOW.awaiting("examiner")) - that["assigned"] == {"continued"}, "whose examiner's round has ended"


def test_whoever_may_hold_what_was_examined_counts_as_its_examiner():
    """SRC-4: from the chosen probe on, every state in which the work can pass on is one that the peers' rule counts."""
    passing = set(FLOW.sources_of("take_over", "assign", "hand_over"))
    before = set(FLOW.sources_of("accept", "document", "return_for_images"))
    assert passing - before <= set(FLOW.states_that("examined"))


@pytest.mark.clause("ACC-1")
def test_no_state_inside_the_unit_is_told_outside_by_its_own_name():
    inside = {state.id for state in FLOW.states if state.told_as}
    assert inside == set(FLOW.states_that("due")) - {"submitted", "awaiting_images", "accepted"}
    words = {FLOW.state(name).title for name in inside} | {FLOW.state(name).text for name in inside}
    told = {text for state in FLOW.states for text in (FLOW.outside(state.id).title, FLOW.outside(state.id).text)}
    assert not words & told


@pytest.mark.clause("SRC-7")
def test_no_state_that_a_negative_result_comes_to_speaks_of_a_lead():
    """A request is reported, recalled and closed with either result: only a step that needs a lead may name it."""
    for name in ("negative", "reported", "superseded", "closed"):
        state = FLOW.state(name)
        free = [step.text for step in state.next if step.verb != "record_corroboration"]
        assert not [words for words in (state.title, state.text, *free) if re.search(r"\blead\b|corroborat", words)]


@pytest.mark.parametrize("subject", FLOWS)
def test_the_check_constraints_know_the_states_of_the_workflow(subject):
    """Every state that a CHECK names is one; of those that stand apart in the request the marks say the same."""
    model, known = subjects()[subject], {state.id for state in FLOWS[subject].states}
    texts = [str(rule.sqltext) for rule in model.__table__.constraints if hasattr(rule, "sqltext")]
    named = [
        word
        for text in texts
        for listed in re.findall(r"\bstate (?:NOT )?IN \(([^)]*)\)", text)
        for word in re.findall(r"'(\w+)'", listed)
    ]
    named += [word for text in texts for word in re.findall(r"\bstate (?:=|<>|!=) '(\w+)'", text)]
    assert named and set(named) == known


def test_what_was_never_filed_needs_no_use_in_the_database():
    (check,) = [rule for rule in FRRequest.__table__.constraints if str(rule.name).endswith("submitted_has_use")]
    apart = set(re.findall(r"'(\w+)'", str(check.sqltext)))
    assert apart == {state.id for state in FLOW.states} - set(FLOW.states_that("filed"))


def test_what_is_asked_amiss_is_an_error():
    with pytest.raises(KeyError, match="no mark 'kept_up'"):
        FLOW.states_that("kept_up")
    with pytest.raises(KeyError, match="no verb 'levitate'"):
        FLOW.sources_of("submit", "levitate")


# What the program asks --------------------------------------------------------------------------------------

ASKS = {"has", "having", "states_that"}
STEPS = {"takes", "taking", "sources_of", "first_of"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.glob("app/**/*.py")):
        yield str(path.relative_to(ROOT)), source_tree(path)


def templates() -> Iterator[tuple[str, nodes.Template]]:
    environment = Environment(autoescape=True)
    for path in sorted(ROOT.glob("app/templates/**/*.html")):
        yield str(path.relative_to(ROOT)), environment.parse(path.read_text(encoding="utf-8"))


def questions(names: set[str]) -> set[str]:
    """The words put to these methods anywhere in modules and templates."""
    found = set()
    for _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
                found |= {given.value for given in node.args if isinstance(given, ast.Constant)}
    for _, tree in templates():
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Getattr) and call.node.attr in names:
                found |= {given.value for given in call.args if isinstance(given, nodes.Const)}
    return found


def test_every_mark_is_asked_for_and_no_other():
    """A mark that nobody asks for says nothing; one that is asked for and not there stops the start."""
    declared = {mark.id for flow in FLOWS.values() for mark in flow.marks}
    assert declared == set(Mark.__args__) == {mark for marks in MARKS.values() for mark in marks}
    assert questions(ASKS) == declared | {"final"}


def test_every_step_that_is_asked_about_exists():
    assert questions(STEPS) <= VERBS


# Nothing else lists them ------------------------------------------------------------------------------------


def lists_states(words: list[object]) -> bool:
    """Whether these constants are a list of states: two or more of one workflow, and half of them at least."""
    plain = [word for word in words if isinstance(word, str)]
    counts = [len(set(plain) & {state.id for state in flow.states}) for flow in FLOWS.values()]
    return max(counts) >= 2 and 2 * max(counts) >= len(plain)


def listed_in(tree: ast.Module) -> Iterator[str]:
    """The name, or the line, of every literal in a module that lists states."""
    names = {id(node.value): ast.unparse(target) for node in ast.walk(tree) for target in assigned(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            words = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            words = [one.value for one in node.elts if isinstance(one, ast.Constant)]
        else:
            continue
        if lists_states(words):
            yield names.get(id(node), f"line {node.lineno}")


def assigned(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) and node.value is not None else []


def test_no_module_lists_states():
    """Say it of the states in config/policy/workflow*.toml (a mark, a next step) and ask: `subject.has("…")`."""
    found = {f"{name}:{where}" for name, tree in modules() if not name.startswith(BESIDE) for where in listed_in(tree)}
    assert found == set(NO_STATES), sorted(found ^ set(NO_STATES))


def test_no_template_lists_states():
    found = set()
    for name, tree in templates():
        lists = [node.items for node in tree.find_all((nodes.Tuple, nodes.List))]
        lists += [[pair.key for pair in node.items] for node in tree.find_all(nodes.Dict)]
        if any(lists_states([one.value for one in items if isinstance(one, nodes.Const)]) for items in lists):
            found.add(name.removeprefix("app/templates/"))
    assert found == set(ENDINGS)


@pytest.mark.parametrize(
    "code",
    [
        'OPEN = ("draft", "submitted")',
        'def f(x):\n    return x in {"approved", "executing"}',
        'D = {"open": 1, "closed": 2}',
        'X: tuple = ("embedding", "ready", "elsewhere")',
    ],
)
def test_the_search_for_lists_finds_one(code):
    assert list(listed_in(ast.parse(code)))
