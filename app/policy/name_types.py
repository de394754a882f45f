"""The names of the rules as types, a Python module generated from the policy: ``app/policy/names.py``."""

from collections.abc import Iterable, Iterator

from app.policy.types import Policy

COMMAND = "flask policy names --write"

_HEAD = f'''"""The names that the rules give, as types: the type checker refuses a misspelt name where it is used.

Generated from `config/policy/**/*.toml` by `{COMMAND}`; a test compares.
"""

from typing import Literal
'''


def names_module(policy: Policy) -> str:
    """The source of the module: a Literal type for each kind of name, sorted, a name a line."""
    flows = policy.workflows.values()
    kinds = (
        ("EventName", "An event of the audit catalogue.", policy.events),
        ("CapabilityId", "Something a role may do.", policy.capabilities),
        ("SubjectType", "What a workflow is the workflow of.", policy.workflows),
        ("Verb", "A step of any workflow.", (row.verb for flow in flows for row in flow.transitions)),
        ("StateName", "A state of any workflow.", (state.id for flow in flows for state in flow.states)),
    )
    return "\n".join((_HEAD, *(line for kind in kinds for line in _literal(*kind)))) + "\n"


def _literal(name: str, says: str, words: Iterable[str]) -> Iterator[str]:
    yield f"#: {says}"
    yield f"{name} = Literal["
    yield from (f'    "{word}",' for word in sorted(set(words)))
    yield "]"
