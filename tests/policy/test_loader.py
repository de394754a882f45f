"""The loader refuses every kind of broken rule file, naming file and rule."""

import re
from datetime import date
from pathlib import Path

import msgspec
import pytest

from app.policy.loader import DEFAULT_DIRECTORY, PolicyError, check_registered, load
from app.policy.texts import rule_files
from app.policy.types import Policy

WHEN = "effective = 2026-01-01\n"
RULE = 'text = "A sentence."\nauthority = ["REQ-1"]\n' + WHEN
FLOW = f"""
[[workflow]]
subject = "lamp"
noun = "lamp"
{RULE}initial = "off"

[[workflow.state]]
id = "off"
title = "Off"
text = "Dark."
tone = "idle"

[[workflow.state]]
id = "on"
title = "On"
text = "Bright."
tone = "good"
%(final)s

%(extra)s

[[workflow.transition]]
id = "lamp-on"
{RULE}verb = "switch_on"
from = ["%(source)s"]
to = "%(to)s"
capability = "%(capability)s"
conditions = %(conditions)s
separations = %(separations)s
event = "%(event)s"
"""
SOUND = {
    "final": "final = true",
    "extra": "",
    "source": "off",
    "to": "on",
    "capability": "request.file",
    "conditions": "[]",
    "separations": "[]",
    "event": "request.submitted",
}


def faults(directory: Path, today: date | None = None) -> str:
    with pytest.raises(PolicyError) as caught:
        load(directory, today)
    assert str(caught.value).count("\n") == len(caught.value.faults)
    return str(caught.value)


def with_flow(copy: Path, **changes: str) -> Path:
    event = re.search(r'^id = "(.+)"', (copy / "events.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert event
    path = copy / "requests/workflow.toml"
    flow = FLOW % {**SOUND, "event": event[1], **changes}
    path.write_text(path.read_text(encoding="utf-8") + flow, encoding="utf-8")
    return copy


def test_the_rule_files_of_this_installation_load(rules: Policy) -> None:
    assert len(rules.clauses) >= 95
    assert set(rules.uses) == {f"USE-{n}" for n in range(1, 7)}
    assert rules.rule("body_worn_camera").authority == ("LIM-1", "LIM-2")
    assert rules.clause("LIM-1").section.startswith("Rules")
    assert rules.use("USE-3").facts
    assert rules.notice("lead-only").text


def test_a_workflow_that_is_sound_is_accepted(copy: Path) -> None:
    rules = load(with_flow(copy))
    assert [step.id for step in rules.transitions("lamp", "off")] == ["lamp-on"]
    assert rules.transitions("lamp", "on") == ()
    assert rules.rule("lamp-on").text == "A sentence."
    assert rules.workflow("lamp").state("on").final


def test_a_transition_to_the_same_state_keeps_it(copy: Path) -> None:
    step = f'[[workflow.transition]]\nid = "lamp-dust"\n{RULE}verb = "dust"\nfrom = ["off"]\nto = "same"\n'
    event = re.search(r'^id = "(.+)"', (copy / "events.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert event
    step += f'capability = "request.file"\nevent = "{event[1]}"\n'
    dust = load(with_flow(copy, extra=step)).rule("lamp-dust")
    assert dust.target("off") == "off"


def test_the_policy_cannot_be_changed(rules: Policy) -> None:
    with pytest.raises(TypeError):
        rules.uses["USE-9"] = rules.uses["USE-1"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        rules.version = "0"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        rules.use("USE-1").text = "Anything goes."
    with pytest.raises((TypeError, msgspec.ValidationError)):
        rules.use("USE-1").facts[0] = None  # type: ignore[index]


@pytest.mark.parametrize("ask", ["rule", "clause", "use", "event", "notice", "workflow", "capability"])
def test_asking_for_what_is_not_there_says_so(rules: Policy, ask: str) -> None:
    with pytest.raises(KeyError, match=r"no .*'nothing-of-the-kind'"):
        getattr(rules, ask)("nothing-of-the-kind")


def test_capabilities_are_the_sum_of_the_roles(rules: Policy) -> None:
    one, other = rules.roles["examiner"].capabilities, rules.roles["investigator"].capabilities
    assert rules.capabilities_of(["examiner", "investigator"]) == {*one, *other}
    assert rules.capabilities_of(["no such role"]) == frozenset()


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "requests/uses.toml",
            'authority = ["USE-1", "CAP-1"]\n',
            'authority = ["USE-1", "CAP-1"]\ncolour = 1\n',
            "requests/uses.toml: USE-1: .*colour",
        ),
        ("requests/uses.toml", WHEN, "", "requests/uses.toml: USE-1: no day from which it applies: state `effective`"),
        ("requests/uses.toml", WHEN, 'effective = "soon"\n', "requests/uses.toml: effective: this is no day"),
        ("requests/uses.toml", WHEN, "effective = 2026-01-01T08:00:00\n", "uses.toml: effective: this is no day"),
        ("requests/uses.toml", 'id = "USE-1"\n', 'id = "USE-1"\neffective = "soon"\n', "uses.toml: USE-1: .*date"),
        (
            "requests/workflow.toml",
            WHEN,
            "",
            "requests/workflow.toml: request: WF-submit: no day from which it applies",
        ),
        ("events.toml", "[[event]]", WHEN + "[[event]]", "events.toml: unknown table 'effective'"),
        (
            "requests/uses.toml",
            'authority = ["USE-1", "CAP-1"]',
            "authority = []",
            "requests/uses.toml: USE-1: .*authority",
        ),
        (
            "requests/uses.toml",
            '"USE-1", "CAP-1"',
            '"USE-1", "CAP-99"',
            "requests/uses.toml: USE-1: unknown clause 'CAP-99'",
        ),
        ("requests/uses.toml", 'id = "USE-2"', 'id = "USE-1"', "requests/uses.toml: USE-1: duplicate id"),
        (
            "requests/uses.toml",
            'kind = "choice"',
            'kind = "text"',
            "requests/uses.toml: USE-1: listed: choices belong",
        ),
        (
            "requests/uses.toml",
            'name = "offense"',
            'name = "why_believed"',
            "requests/uses.toml: USE-1: duplicate fact",
        ),
        (
            "requests/uses.toml",
            "min_length = 3\n",
            "min_length = 9000\n",
            "requests/uses.toml: USE-1: offense: min_length",
        ),
        ("requests/uses.toml", "", "[[uses]]\n", "requests/uses.toml: unknown table 'uses'"),
        ("requests/uses.toml", "[[use]]", "[[use", "requests/uses.toml: not readable as TOML"),
        ("clauses.toml", 'id = "CAP-2"', 'id = "CAP-1"', "clauses.toml: CAP-1: duplicate id"),
        (
            "clauses.toml",
            'interpretation = ["INT-m"]',
            'interpretation = ["INT-zz"]',
            "unknown interpretation 'INT-zz'",
        ),
        ("clauses.toml", 'status = "enforced"', 'status = "maybe"', "clauses.toml: CAP-1: .*maybe"),
        (
            "clauses.toml",
            'status = "enforced"',
            'status = "people"',
            "clauses.toml: CAP-1: .*who answers for it",
        ),
        ("interpretations.toml", '"SRC-1"', '"SRC-99"', "INT-a: unknown clause 'SRC-99'"),
        (
            "roles.toml",
            '"request.file"',
            '"request.burn"',
            "roles.toml: investigator: unknown capability 'request.burn'",
        ),
        ("roles.toml", '"request.file", ', "", "roles.toml: request.file: no role has this capability"),
        (
            "roles.toml",
            'training = "fr"',
            'training = "xx"',
            "roles.toml: .*unknown training requirement 'xx'",
        ),
        ("roles.toml", 'group = "auditors"', 'group = "investigators"', "directory group 'investigators'"),
        (
            "requests/rules.toml",
            'id = "other_source"',
            'id = "other"',
            "requests/rules.toml, workload/rules.toml: other: duplicate id",
        ),
        ("requests/rules.toml", 'uses = ["USE-1"]', 'uses = ["USE-9"]', "body_worn_camera: unknown use 'USE-9'"),
        (
            "requests/rules.toml",
            '"request.political"',
            '"request.anything"',
            "political-activity: unknown capability",
        ),
        (
            "requests/rules.toml",
            'example = "2026-075-01234"',
            'example = "75"',
            "complaint-number: the example does not fit",
        ),
        (
            "requests/rules.toml",
            r"'(?P<year>(19|20)\d{2})-\d{3}-(?P<serial>\d{1,6})'",
            "'('",
            "complaint-number: the pattern is not a regular",
        ),
        (
            "requests/rules.toml",
            'part = "serial", digits = 5',
            'part = "precinct", digits = 5',
            "no part 'precinct' to be padded",
        ),
        (
            "requests/rules.toml",
            'part = "serial", digits = 5',
            'part = "serial", digits = 6',
            "'2026-075-01234' is written '2026-075-001234', which is not the example",
        ),
        ("requests/rules.toml", '"2026-075-1234"', '"2026-075-12345"', "which is not the example"),
        ("requests/rules.toml", "[attestation]", "[attest]", r"table \[attestation\] is missing"),
        (
            "requests/rules.toml",
            'must_be = "yes"\n',
            "",
            "body_worn_camera: camera_on: must_be and refusal go together",
        ),
        (
            "requests/rules.toml",
            'must_be = "yes"',
            'must_be = "perhaps"',
            "camera_on: must_be names no possible answer",
        ),
        ("requests/rules.toml", "min_images = 1\n", "min_images = 11\n", "image-limits: min_images is larger"),
        (
            "requests/rules.toml",
            'notice = "lead-only"',
            'notice = "led-only"',
            "possible_match: unknown notice 'led-only'",
        ),
        ("requests/rules.toml", 'results = ["possible_match"]', 'results = ["match"]', "unknown result 'match'"),
        ("requests/rules.toml", 'id = "negative"', 'id = "nobody"', "negative: there is no such result"),
        (
            "requests/rules.toml",
            "min_images = 1\n",
            "min_images = 0\n",
            "requests/rules.toml: image-limits: .*min_images",
        ),
        (
            "peers/rules.toml",
            "count = 2\n",
            "count = 0\n",
            "peers/rules.toml: peer-review: .*count",
        ),
        (
            "gallery/rules.toml",
            'field = "source"',
            'field = "shoe_size"',
            "gallery-source: unknown manifest column",
        ),
        ("gallery/rules.toml", 'allowed = ["yes"]\n', "", "gallery-charged: names neither allowed nor forbidden"),
        ("gallery/rules.toml", "pattern = '(?=", "pattern = '((?=", "gallery-source-record: the pattern is no regular"),
        (
            "gallery/rules.toml",
            '["arrest_processing"]',
            '["arest"]',
            "probe-booking-photograph: unknown source 'arest'",
        ),
        (
            "gallery/rules.toml",
            'test = "same_digest"\naction = "refuse"',
            'test = "same_digest"\naction = "hold"',
            "probe-same-file: the file of a probe is refused, not held",
        ),
        (
            "gallery/rules.toml",
            'id = "probe-look-alike"',
            'id = "probe-alike"',
            "exclusion probe-look-alike with the test 'looks_like_probe' is missing",
        ),
        (
            "gallery/rules.toml",
            "remind_days = 4\n",
            "remind_days = 9\n",
            "import-sample: a reminder comes before others are told",
        ),
        (
            "gallery/rules.toml",
            'escalated_to = ["misuse.read"',
            'escalated_to = ["misuse.reed"',
            "import-sample: unknown capability 'misuse.reed'",
        ),
        (
            "disclosures/rules.toml",
            'purposes = ["criminal_prosecution", "criminal_investigation"]\noriginals = true',
            'purposes = ["criminal_prosecution", "criminal_investigation"]\noriginals = false',
            "prosecutor: what is complete holds the originals",
        ),
        (
            "gallery/rules.toml",
            'test = "same_picture"',
            'test = "same_digest"',
            "exclusion gallery-same-picture: import makes no such test",
        ),
        (
            "gallery/rules.toml",
            'name = "person_number"',
            'name = "file"',
            "gallery/rules.toml: column file: duplicate name",
        ),
        (
            "disclosures/rules.toml",
            '"D5", "D6"]',
            '"D5", "D9"]',
            "disclosures/rules.toml: prosecutor: unknown basis 'D9'",
        ),
        (
            "disclosures/rules.toml",
            '"civil_litigation",',
            '"curiosity",',
            "law_enforcement: unknown purpose 'curiosity'",
        ),
        (
            "disclosures/rules.toml",
            'documents = ["legal_demand"]',
            'documents = ["letter"]',
            "D2: unknown kind of document 'letter'",
        ),
        (
            "disclosures/rules.toml",
            'except_bases = ["D2"]',
            'except_bases = ["D0"]',
            "written-agreement: unknown basis 'D0'",
        ),
        (
            "disclosures/rules.toml",
            'recipients = ["prosecutor"]',
            'recipients = ["judge"]',
            "complete-for-prosecutor: unknown recipient 'judge'",
        ),
        (
            "disclosures/rules.toml",
            "default_days = 30",
            "default_days = 99",
            "decision-in-writing: default_days is larger",
        ),
        (
            "disclosures/rules.toml",
            'purposes = ["welfare_investigation"]',
            'purposes = ["own_information"]',
            "city_agency: no purpose of this recipient fits the basis 'D7'",
        ),
        ("disclosures/rules.toml", "[determination]", "[finding]", r"table \[determination\] is missing"),
        ("extra.toml", "", "x = 1\n", "extra.toml: no such rule file is known"),
        ("requests/extra.toml", "", "x = 1\n", "requests/extra.toml: no such rule file is known"),
        ("overlays/law.toml", "", "[[rule]]\n", r"overlays/law.toml: table \[law\] is missing"),
    ],
)
def test_each_fault_stops_the_start(broken, file: str, old: str, new: str, expected: str) -> None:
    assert re.search(expected, faults(broken(file, old, new)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"capability": "lamp.switch"}, "lamp-on: unknown capability 'lamp.switch'"),
        ({"conditions": '["bulb_whole"]'}, "lamp-on: unknown condition 'bulb_whole'"),
        ({"separations": '["electrician"]'}, "lamp-on: unknown separation 'electrician'"),
        ({"event": "lamp.lit"}, "lamp-on: unknown event 'lamp.lit'"),
        ({"to": "dimmed"}, "lamp-on: unknown state 'dimmed'"),
        ({"source": "dimmed"}, "lamp-on: unknown state 'dimmed'"),
        ({"to": "same"}, "lamp: on: no way leads to this state"),
        ({"final": ""}, "lamp: on: no way leads from this state to a final one"),
        (
            {"final": 'final = true\nwaiting_for = "Lamplighter"'},
            "lamp: on: waits for unknown role 'Lamplighter'",
        ),
        (
            {"extra": '[[workflow.state]]\nid = "on"\ntitle = "On"\ntext = "On."\ntone = "good"'},
            "lamp: on: duplicate state",
        ),
        (
            {"extra": f'[[condition]]\nid = "bulb"\n{RULE}remedy = "Buy."'},
            "bulb: no transition uses this condition",
        ),
        ({"extra": f'[[separation]]\nid = "smith"\n{RULE}'}, "smith: no transition uses this separation"),
        ({"extra": f'[[workflow.transition]]\nid = "lamp-x"\n{RULE}verb = "x"'}, "lamp: lamp-x: .*missing"),
    ],
)
def test_each_fault_of_a_workflow_stops_the_start(copy: Path, change: dict[str, str], expected: str) -> None:
    if change.get("extra", "").startswith(("[[condition", "[[separation")):
        change, tail = {}, change["extra"]
        path = with_flow(copy) / "requests/workflow.toml"
        path.write_text(path.read_text(encoding="utf-8") + tail, encoding="utf-8")
    else:
        with_flow(copy, **change)
    assert re.search(expected, faults(copy))


def test_a_missing_file_stops_the_start(copy: Path) -> None:
    (copy / "notices.toml").unlink()
    assert "notices.toml: the file is missing" in faults(copy)


def test_a_rule_is_not_applied_before_it_is_in_force(broken) -> None:
    copy = broken("requests/uses.toml", WHEN, "effective = 2027-05-01\n")
    assert "requests/uses.toml: USE-1: effective 2027-05-01 lies in the future" in faults(copy, date(2027, 4, 30))
    assert load(copy, date(2027, 5, 1)).use("USE-1").effective == date(2027, 5, 1)


def test_a_rule_s_own_day_wins_over_its_file_s(broken) -> None:
    own = 'id = "USE-2"\neffective = 2026-03-01\n'
    rules = load(broken("requests/uses.toml", 'id = "USE-2"\n', own), date(2026, 3, 1))
    assert rules.use("USE-2").effective == date(2026, 3, 1)
    assert rules.use("USE-1").effective == date(2026, 1, 1)


def test_a_step_of_a_workflow_takes_its_file_s_day_and_may_have_its_own(broken) -> None:
    own = 'id = "WF-accept"\neffective = 2026-02-01\n'
    rules = load(broken("requests/workflow.toml", 'id = "WF-accept"\n', own), date(2026, 2, 1))
    assert rules.rule("WF-accept").effective == date(2026, 2, 1)
    assert rules.rule("WF-submit").effective == rules.workflow("request").effective == date(2026, 1, 1)


def test_a_step_without_any_day_is_named(copy: Path) -> None:
    path = copy / "requests" / "workflow.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(WHEN, "", 1).replace('noun = "request"\n', f'noun = "request"\n{WHEN}', 1))
    assert re.search("requests/workflow.toml: request: WF-[a-z-]+: no day from which it applies", faults(copy))


def test_a_day_stands_once_in_a_file() -> None:
    """Whoever reads a file reads its day at the top, and at a rule only where it differs."""
    for path in rule_files(DEFAULT_DIRECTORY):
        days = re.findall(r"^effective = (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(days) == len(set(days)), f"{path.name} states a day twice"


def test_the_page_beside_the_rules_names_every_file() -> None:
    page = (DEFAULT_DIRECTORY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\|[^|]*(?:\| )?`((?:[a-z]+/)?[a-z]+\.toml)`", page, re.MULTILINE))
    files = {path.relative_to(DEFAULT_DIRECTORY).as_posix() for path in rule_files(DEFAULT_DIRECTORY)}
    assert named == {name for name in files if not name.startswith("overlays/")}


def test_all_faults_are_told_at_once(broken) -> None:
    broken("requests/uses.toml", 'authority = ["USE-1", "CAP-1"]\n', "authority = 7\n")
    told = faults(broken("gallery/rules.toml", 'id = "gallery-source"\n', ""))
    assert "requests/uses.toml: USE-1" in told
    assert "gallery/rules.toml: rule 1" in told


def test_an_overlay_is_cited_apart(broken) -> None:
    copy = broken(
        "overlays/law.toml",
        "",
        f'[law]\nid = "law-1"\ntitle = "A newer law"\ncitation = "Chapter 1"\n{WHEN}\n'
        '[[clause]]\nid = "LAW-1"\ntext = "Keep copies."\nsection = "1"\nstatus = "pending"\n'
        'does = "Later."\n'
        f'[[rule]]\nid = "keep-copies"\ntitle = "Copies"\ntext = "Copies are kept."\n'
        f'authority = ["LAW-1"]\n{WHEN}',
    )
    rules = load(copy)
    assert rules.overlays[0].file == "overlays/law.toml"
    assert rules.rule("keep-copies").authority == ("LAW-1",)
    assert rules.clause("LAW-1").text == "Keep copies."


def test_conditions_and_separations_need_their_functions(rules: Policy) -> None:
    conditions, separations = list(rules.conditions), list(rules.separations)
    check_registered(rules, conditions, separations)
    for missing, known in (
        (conditions[0], (conditions[1:], separations)),
        (separations[0], (conditions, separations[1:])),
    ):
        with pytest.raises(PolicyError, match=f"{missing}: no function decides it"):
            check_registered(rules, *known)
    with pytest.raises(PolicyError, match="weather_fair: a function decides it but no rule declares it"):
        check_registered(rules, [*conditions, "weather_fair"], separations)
