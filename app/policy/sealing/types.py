"""Frozen types of sealing: who may still see what left the repository, and how a delivered copy ends (CAP-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

from msgspec import Meta

from app.policy.base import Questions, Rule, Statement, Text

#: what a recipient is given of material that left the repository
Treatment = Literal["withheld", "line", "document"]


class Withheld(Statement, frozen=True, kw_only=True):
    """What shows a photograph that left the repository is served only to whoever holds the ``capability``."""

    capability: Text


class SealedMaterial(Rule, frozen=True, kw_only=True):
    """What these ``recipients`` of a disclosure are given of it: nothing, its line in the inventory, or the document.

    ``words`` stand on the line.
    """

    title: Text
    recipients: Annotated[tuple[str, ...], Meta(min_length=1)]
    treatment: Treatment
    words: str = ""


class CopyEnd(Rule, frozen=True, kw_only=True):
    """What can become of a delivered copy."""

    title: Text


@dataclass(frozen=True)
class SealingRules:
    """sealing/rules.toml: what is withheld, what each recipient is given, how delivered copies end."""

    withheld: Withheld
    material: Mapping[str, SealedMaterial]
    copy_ends: Mapping[str, CopyEnd]
    copy_answer: Questions
    notice: Statement

    def for_recipient(self, kind: str | None) -> SealedMaterial:
        """Return the rule for a kind of recipient; the first one that withholds for none or an unknown one."""
        found = (rule for rule in self.material.values() if kind in rule.recipients)
        return next(found, next(rule for rule in self.material.values() if rule.treatment == "withheld"))


#: table -> (type, how many), as in the loader's schema
SCHEMA: Mapping[str, tuple[type, str]] = {
    "withheld": (Withheld, "one"),
    "sealed_material": (SealedMaterial, "many"),
    "copy_end": (CopyEnd, "many"),
    "copy_answer": (Questions, "one"),
    "notice": (Statement, "one"),
}


def rules_of(read: Mapping[str, Any]) -> SealingRules:
    """The rules of the tables read from sealing/rules.toml."""
    return SealingRules(
        withheld=read["withheld"],
        material=MappingProxyType({rule.id: rule for rule in read["sealed_material"]}),
        copy_ends=MappingProxyType({rule.id: rule for rule in read["copy_end"]}),
        copy_answer=read["copy_answer"],
        notice=read["notice"],
    )


def faults_in(read: Mapping[str, Any], recipients: set[str], capabilities: set[str]) -> list[str]:
    """References that lead nowhere, and recipients without exactly one rule; one line each, without the file's name."""
    found = []
    if read["withheld"].capability not in capabilities:
        found.append(f"{read['withheld'].id}: unknown capability '{read['withheld'].capability}'")
    named = [kind for rule in read["sealed_material"] for kind in rule.recipients]
    for rule in read["sealed_material"]:
        found += [f"{rule.id}: unknown recipient '{kind}'" for kind in rule.recipients if kind not in recipients]
        if (rule.treatment == "line") is not bool(rule.words):
            found.append(f"{rule.id}: a line in the inventory has words, and nothing else has")
    found += [
        f"sealed_material: {kind}: named {named.count(kind)} times, not once"
        for kind in sorted(recipients)
        if named.count(kind) != 1
    ]
    if not any(rule.treatment == "withheld" for rule in read["sealed_material"]):
        found.append("sealed_material: no rule withholds anything")
    return found
