"""Frozen types of the rules on what people state, from the uses to training and absences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta, field

from app.policy.base import Choice, Count, Fact, Questions, Rule, Statement, Table, Text
from app.policy.matters.types import ProposalRule
from app.policy.names import CapabilityId
from app.policy.offenses import SeriousnessRule

if TYPE_CHECKING:
    CapabilityName = CapabilityId
else:  # read as text, and validated by the loader
    CapabilityName = Text


class Use(Rule, frozen=True, kw_only=True):
    """An authorized use and the facts a written basis for it must state (USE-1 to USE-6)."""

    title: Text
    facts: Annotated[tuple[Fact, ...], Meta(min_length=1)] = field(name="fact")


class Padding(Table, frozen=True, kw_only=True):
    """One part of a number, by the name of its group in the pattern, and with how many digits it is written."""

    part: Text
    digits: Count


class CaseNumber(Rule, frozen=True, kw_only=True):
    """One numbering scheme of cases or complaints (REQ-2): its form, and how the same number is always written.

    ``example`` is in the canonical form; ``also``: other ways in which people type the same number. ``files``: whether
    a request may be filed under it; a number under which none is can be linked to one. ``future``: whether the
    year, the part of that name in the pattern, may lie in the future.
    """

    title: Text
    pattern: Text
    padding: tuple[Padding, ...] = ()
    example: Text
    also: tuple[Text, ...] = ()
    files: bool = True
    future: bool = False


class MatterRule(Statement, frozen=True, kw_only=True):
    """The rule by which numbers of one matter are linked; a reason has at least ``least_reason`` characters.

    ``parted_by_others``: whoever examines a request of the matter does not end a link of it.
    """

    least_reason: Count
    parted_by_others: bool


class LookUpRule(Statement, frozen=True, kw_only=True):
    """The rule on a number that the connected case management system does not have, or gives no answer for."""

    unknown: Literal["refuse", "warn", "accept"]


class Priority(Rule, frozen=True, kw_only=True):
    """An urgency, what its reason must say, and within how many hours the unit should act.

    ``conclude_hours``: after so many a finished search must have come to a conclusion. ``unassigned_minutes``: after so
    many a supervisor is told that nobody has the request (none: never).
    ``offenses``: those of the list under which it may be chosen (empty: any).
    ``always_mails``: notifications about such a request go out by e-mail whatever the person chose.
    """

    title: Text
    reason_hint: Text
    due_hours: Count
    conclude_hours: Count
    unassigned_minutes: Count | None = None
    offenses: tuple[Text, ...] = ()
    always_mails: bool = False


class WorkloadRule(Rule, frozen=True, kw_only=True):
    """How work passes on and is counted.

    ``min_notes``: characters of the notes with which work passes to another examiner. ``least_for_median`` and
    ``least_for_percentile``: of fewer requests that figure is not shown.
    """

    title: Text
    min_notes: Count
    least_for_median: Count
    least_for_percentile: Count


class ConclusionRule(Rule, frozen=True, kw_only=True):
    """How a finished search comes to a conclusion (SRC-7).

    ``escalate_hours``: so long past its time more people are told. ``min_reason`` and ``min_words``: characters and
    different words of the reason to end one unexamined. ``meanwhile`` is what the investigator is told until then,
    ``unexamined`` what such an end means.
    """

    title: Text
    escalate_hours: Count
    min_reason: Count
    min_words: Count
    meanwhile: Text
    unexamined: Text


class Source(Rule, frozen=True, kw_only=True):
    """Where a probe image came from; ``uses`` limits it to some authorized uses (empty: all)."""

    title: Text
    uses: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = field(name="fact", default=())


class SourceSign(Rule, frozen=True, kw_only=True):
    """What a file says of itself that names one source: any other then answers the ``fact``.

    ``patterns`` are regular expressions, searched in the file's name, its metadata and what is typed of it, whatever
    the case, in every way to read it.
    """

    title: Text
    source: Text
    patterns: Annotated[tuple[Text, ...], Meta(min_length=1)]
    fact: Fact


class CaptureRule(Questions, frozen=True, kw_only=True):
    """The day on which a photograph was taken: none before ``earliest_year``.

    Its question is asked of a photograph of one of the ``sources`` from more than ``days_apart`` before or after the
    matter, and of any from more than ``longest_years`` before it.
    """

    earliest_year: Count
    days_apart: Count
    longest_years: Count
    sources: tuple[Text, ...]


class LawfulBasis(Rule, frozen=True, kw_only=True):
    """How an image was lawfully obtained (LIM-4), with the facts that show it."""

    title: Text
    facts: tuple[Fact, ...] = field(name="fact", default=())


class Prohibition(Rule, frozen=True, kw_only=True):
    """A purpose that is refused: ``question`` answered with ``refused_answer`` gives ``refusal``.

    ``except_capability`` names the capability whose holders alone may answer so (LIM-7).
    """

    title: Text
    question: Text
    refused_answer: Literal["yes", "no"]
    refusal: Text
    except_capability: str = ""


class PoliticalRule(Statement, frozen=True, kw_only=True):
    """How requests that involve political activity are kept apart (LIM-7).

    ``member`` is the capability of the Bureau's members; ``bureau`` lists those that only members may use on such a
    request, ``duties`` those whose holders keep the record of every case. ``who_names`` says who can let somebody else
    in; ``withheld`` stands where a narrative is not shown.
    """

    member: CapabilityName
    bureau: Annotated[tuple[CapabilityName, ...], Meta(min_length=1)]
    duties: tuple[CapabilityName, ...]
    who_names: Text
    withheld: Text
    least_reason: Count


class ChangedAnswerRule(Statement, frozen=True, kw_only=True):
    """How an answer that would have refused a request is changed.

    ``least_reason``: characters of the requester's reason; ``least_answer``: of what the supervisor answers to it.
    """

    least_reason: Count
    least_answer: Count


class EntryReferenceRule(Statement, frozen=True, kw_only=True):
    """The form of the reference of an entry in the case management system, in capital letters (REQ-5)."""

    pattern: Text
    example: Text


class ImageFormat(Table, frozen=True, kw_only=True):
    """A still-image format that may be submitted, by Pillow's name for it."""

    value: Text
    label: Text
    extensions: tuple[str, ...]


class ImageLimits(Rule, frozen=True, kw_only=True):
    """How many images a request holds, what each may be and how many faces it may show."""

    min_images: Count
    max_images: Count
    max_bytes: Count
    max_pixels: Count
    max_faces: Count
    formats: Annotated[tuple[ImageFormat, ...], Meta(min_length=1)] = field(name="format")


#: the kinds of report that there are; each is a result with its own words
RESULTS = ("possible_match", "negative")


class BasisRefusal(Rule, frozen=True, kw_only=True):
    """A reason to refuse the basis of a request (REQ-4); ``authority`` is the clause cited."""

    title: Text


class Result(Rule, frozen=True, kw_only=True):
    """What a report said, by its kind. ``heading`` stands over what the investigator does next.

    ``notice`` is the notice shown wherever the result is; ``is_lead`` says whether there is anything to corroborate.
    """

    title: Text
    heading: Text
    notice: Text
    is_lead: bool


class Outcome(Rule, frozen=True, kw_only=True):
    """How a case ended (USE-8).

    ``results`` names the results after which it may have ended so (empty: any). What it needs on record once a
    possible match was reported: ``least_independent`` items that stand without it, ``least_against`` that speak against
    it. ``without_arrest``: an arrest on record contradicts it.
    """

    title: Text
    results: tuple[str, ...] = ()
    least_independent: int = 0
    least_against: int = 0
    without_arrest: bool = False
    facts: tuple[Fact, ...] = field(name="fact", default=())


class EvidenceKind(Rule, frozen=True, kw_only=True):
    """A kind of evidence; ``after_lead_depends``: an identification of the candidate, which depends on the result.

    ``recognition``: it rests on a person who recognised or named somebody, whatever is answered. ``thing``: it has a
    number that identifies it.
    """

    title: Text
    after_lead_depends: bool = False
    recognition: bool = False
    thing: bool = False


class EvidenceRule(Questions, frozen=True, kw_only=True):
    """The ledger of evidence (USE-8): what is asked of an item, how many independent ones an arrest needs.

    ``identification_words`` tell of an identification by picture under whatever kind (“*” ends the stem of a family of
    words, “|” stands between either word, “...” is a gap of a few words); ``recognition_words``, in the same signs,
    of a person who recognised or named somebody. From ``several`` items on the yearly figure says so. The facts
    ``cited_by`` say where an item stood that is recorded after a result and dated before it; ``dated_before`` marks it.
    ``arrest_cited_by`` say the same of an arrest; ``under_arrest_uses`` are of a person who was under arrest already.
    """

    least_independent: Count
    several: Annotated[int, Meta(ge=2)]
    dated_before: Text
    cited_by: Annotated[tuple[Text, ...], Meta(min_length=1)]
    arrest_cited_by: Annotated[tuple[Text, ...], Meta(min_length=1)]
    under_arrest_uses: tuple[Text, ...]
    identification_words: tuple[Text, ...]
    recognition_words: tuple[Text, ...]


class Notice(Rule, frozen=True, kw_only=True):
    """Words shown to people exactly as they stand here."""

    title: Text


class MailKind(Rule, frozen=True, kw_only=True):
    """One kind of e-mail: ``text`` is all it ever says, beside a link to the portal.

    ``kinds``: the notifications it stands for. ``roles``: whose account page offers it. ``by_default``: for whoever
    has chosen nothing. ``always``: whatever was chosen.
    """

    title: Text
    kinds: Annotated[tuple[Text, ...], Meta(min_length=1)]
    roles: Annotated[tuple[Text, ...], Meta(min_length=1)]
    by_default: bool
    always: bool = False


class Terms(Rule, frozen=True, kw_only=True):
    """The terms a user accepts once per ``version`` (ACC-11)."""

    title: Text
    version: Text
    paragraphs: Annotated[tuple[Text, ...], Meta(min_length=1)]


class Requirement(Rule, frozen=True, kw_only=True):
    """A training requirement, valid for ``valid_months`` after completion."""

    title: Text
    topics: Annotated[tuple[Choice, ...], Meta(min_length=1)] = field(name="topic")
    valid_months: Count


class Uncounted(Table, frozen=True, kw_only=True):
    """A rule file whose changes nobody has to acknowledge, and why."""

    file: Text
    because: Text


class AcknowledgementRule(Rule, frozen=True, kw_only=True):
    """What stays open to whoever has not acknowledged the policy as it is now (TRN-2).

    ``reading``: capabilities with which one may read meanwhile; ``open``: those with which one may act too. Any other
    is closed. ``uncounted``: files whose changes do not count. ``page``: which page of the portal is the way out.
    """

    page: ClassVar[str] = "policy_changes"
    remedy: Text
    refusal: Text
    refusal_first: Text
    reading: tuple[str, ...]
    open: tuple[str, ...]
    uncounted: tuple[Uncounted, ...] = ()

    def leaves(self, capability: str, *, reads: bool) -> bool:
        """Tell whether a capability is left to whoever has not acknowledged; ``reads``: nothing is changed by it."""
        return capability in self.open or (reads and capability in self.reading)


class Absence(Rule, frozen=True, kw_only=True):
    """What the program must not contain: module or attribute names, whole words, case-insensitive."""

    title: Text
    names: Annotated[tuple[str, ...], Meta(min_length=1)]


@dataclass(frozen=True)
class RequestRules:
    """What a request must hold, from the files of requests and workload."""

    case_numbers: tuple[CaseNumber, ...]
    matter: MatterRule
    proposal: ProposalRule
    look_up: LookUpRule
    seriousness: SeriousnessRule
    priorities: Mapping[str, Priority]
    workload: WorkloadRule
    conclusion: ConclusionRule
    sources: Mapping[str, Source]
    source_signs: tuple[SourceSign, ...]
    capture: CaptureRule
    lawful_bases: Mapping[str, LawfulBasis]
    prohibitions: Mapping[str, Prohibition]
    political: PoliticalRule
    changed_answers: ChangedAnswerRule
    attestation: Statement
    entry_reference: EntryReferenceRule
    images: ImageLimits
    basis: Questions
    description: Questions
    circumstances: Questions
    results: Mapping[str, Result]
    outcomes: Mapping[str, Outcome]
    evidence: EvidenceRule
    evidence_kinds: Mapping[str, EvidenceKind]
    withdrawal: Statement

    @property
    def reserved(self) -> Prohibition:
        """The one purpose that is reserved to the holders of a capability (LIM-7), not refused to everybody."""
        return next(one for one in self.prohibitions.values() if one.except_capability)
