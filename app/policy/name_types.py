"""The names of the rules as types, a Python module generated from the policy: ``app/policy/names.py``."""

from collections.abc import Iterable, Iterator

from app.policy.types import Policy, Workflow

COMMAND = "flask policy names --write"

_HEAD = f'''"""The names that the rules give, as types: the type checker refuses a misspelt name where it is used.

Generated from `config/policy/**/*.toml` by `{COMMAND}`; a test compares.
"""

from typing import Literal
'''


def names_module(policy: Policy) -> str:
    """The source of the module: a Literal type for each kind of name, sorted, a name a line."""
    flows = sorted(policy.workflows.values(), key=lambda flow: flow.subject)
    kinds = (
        ("EventName", "An event of the audit catalogue.", policy.events),
        ("CapabilityId", "Something a role may do.", policy.capabilities),
        ("SubjectType", "What a workflow is the workflow of.", policy.workflows),
        *(
            (verb_type(flow), f"A step of the workflow “{flow.subject}”.", (row.verb for row in flow.transitions))
            for flow in flows
        ),
        ("StateName", "A state of any workflow.", (state.id for flow in flows for state in flow.states)),
    )
    any_verb = ("#: A step of any workflow.", "Verb = (", *_union([verb_type(flow) for flow in flows]), ")")
    return "\n".join((_HEAD, *(line for kind in kinds for line in _literal(*kind)), *any_verb)) + "\n"


def verb_type(flow: Workflow) -> str:
    """Return the name of the type of a workflow's verbs: RequestVerb, CaseRecordVerb."""
    return f"{flow.subject.title().replace('_', '')}Verb"


def _union(types: Iterable[str]) -> Iterator[str]:
    for number, name in enumerate(types):
        yield f"    | {name}" if number else f"    {name}"


def _literal(name: str, says: str, words: Iterable[str]) -> Iterator[str]:
    several = sorted(set(words))
    yield f"#: {says}"
    if len(several) == 1:
        yield f'{name} = Literal["{several[0]}"]'
        return
    yield f"{name} = Literal["
    yield from (f'    "{word}",' for word in several)
    yield "]"
