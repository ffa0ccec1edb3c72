"""The data that the stages hand to each other. All of it is JSON in the checkpoints, so a stage can resume from it."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from jobwise.documents.content import DocumentKind, LetterContent, PaperSize, ResumeContent
from jobwise.jobs.requirements import Importance, Requirement


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class Stage(StrEnum):
    """The five stages, in order."""

    ANALYZE = "ANALYZE"
    MATCH = "MATCH"
    WRITE = "WRITE"
    VERIFY = "VERIFY"
    EXPORT = "EXPORT"


class Tone(StrEnum):
    """How the letter sounds. It changes the phrasing of courtesies, never a fact."""

    PROFESSIONAL = "PROFESSIONAL"
    WARM = "WARM"
    CONCISE = "CONCISE"


class Writer(StrEnum):
    """Who is to read the posting and to write. All of them pass the same fact gate."""

    QUALITY = "QUALITY"
    SPEED = "SPEED"
    BUILTIN = "BUILTIN"


class Options(_Data):
    """What the person chose for a generation. `language` None follows the profile's.

    `models` names links as the settings do (`provider:model`), which are asked before the others.
    """

    kinds: tuple[DocumentKind, ...] = (DocumentKind.RESUME, DocumentKind.COVER_LETTER)
    template: str = "ats"
    paper: PaperSize = PaperSize.A4
    max_pages: int = 2
    language: str | None = None
    tone: Tone = Tone.PROFESSIONAL
    instructions: str = ""
    writer: Writer = Writer.QUALITY
    models: tuple[str, ...] = ()


class FactKind(StrEnum):
    """Where in the profile a fact stands."""

    HEADLINE = "HEADLINE"
    SUMMARY = "SUMMARY"
    EXPERIENCE = "EXPERIENCE"
    HIGHLIGHT = "HIGHLIGHT"
    EDUCATION = "EDUCATION"
    PROJECT = "PROJECT"
    SKILL = "SKILL"
    CERTIFICATION = "CERTIFICATION"
    LANGUAGE = "LANGUAGE"
    HONOR = "HONOR"


class Fact(_Data):
    """One thing the profile states, in its own words, with the vocabulary terms that it names.

    `parent_id` is the experience, education or project that a highlight belongs to: an achievement stays with its
    employer.
    """

    id: UUID
    kind: FactKind
    text: str
    terms: tuple[str, ...] = ()
    parent_id: UUID | None = None
    years: float = Field(default=0.0, description="Length of the dated entry, in years.")
    ended_years_ago: float = Field(default=0.0, description="0 for what goes on or is not dated.")


class Strength(StrEnum):
    """How well a fact answers a requirement."""

    DIRECT = "DIRECT"
    STRONG = "STRONG"
    TRANSFERABLE = "TRANSFERABLE"
    MISSING = "MISSING"

    @property
    def weight(self) -> float:
        """Share of the requirement's points: 1.0, 0.85, 0.6, 0."""
        return {"DIRECT": 1.0, "STRONG": 0.85, "TRANSFERABLE": 0.6, "MISSING": 0.0}[self.value]


class Evidence(_Data):
    """A fact that answers a requirement, and what in it does."""

    fact_id: UUID
    strength: Strength
    terms: tuple[str, ...] = Field(default=(), description="The vocabulary terms that make the link.")


class RequirementMatch(_Data):
    """A requirement, weighed: its strength is that of its best evidence. Evidence is ordered best first."""

    requirement_id: str
    importance: Importance
    strength: Strength
    evidence: tuple[Evidence, ...] = ()
    missing_terms: tuple[str, ...] = ()


class MatchReport(_Data):
    """The profile held against the posting. All scores are 0 to 100 and computed by code."""

    score: int
    requirements: tuple[RequirementMatch, ...] = ()
    experience_scores: dict[UUID, int] = Field(default_factory=dict, description="By experience id.")
    fact_scores: dict[UUID, float] = Field(
        default_factory=dict, description="Relevance of each fact, unbounded, for ordering."
    )
    ranked_skills: tuple[str, ...] = Field(
        default=(), description="The profile's own skill names, most relevant first."
    )
    covered_terms: tuple[str, ...] = ()
    missing_terms: tuple[str, ...] = ()
    years: float = Field(default=0.0, description="Years of work in the profile, overlaps counted once.")


class Gap(_Data):
    """A requirement that the profile does not answer, said to a person, with what could be done about it."""

    requirement_id: str
    quote: str
    importance: Importance
    advice: str


class Transform(StrEnum):
    """What a change does to the profile's words."""

    VERBATIM = "VERBATIM"
    REPHRASE = "REPHRASE"
    REFRAME = "REFRAME"
    SYNTHESIZE = "SYNTHESIZE"
    QUANTIFY = "QUANTIFY"


class Operation(StrEnum):
    """What happens at a path."""

    REPLACE = "REPLACE"
    ADD = "ADD"
    REMOVE = "REMOVE"
    MOVE = "MOVE"


class Change(_Data):
    """One line of the change ledger: what the documents say differently from the profile, why, and on what evidence.

    `path` is one of `resume.headline`, `resume.summary`, `resume.experiences.<id>.highlights` (order and choice),
    `resume.highlights.<id>` (wording), `resume.skills`, `resume.sections`, `letter.paragraphs.<n>`.
    `original` and `value` are texts; for lists, one item a line.
    """

    id: str
    document: DocumentKind
    path: str
    op: Operation
    original: str = ""
    value: str = ""
    reason: str
    evidence_ids: tuple[UUID, ...] = ()
    requirement_ids: tuple[str, ...] = ()
    transform: Transform


class CitedChange(Change):
    """A change with the facts and requirements that it names, as a document keeps it.

    It can be read when the profile, the posting and the generation are gone.
    """

    evidence: tuple[Fact, ...]
    requirements: tuple[Requirement, ...]


class Draft(_Data):
    """What the write stage hands to verify: the full contents and the ledger that leads from the profile to them."""

    resume: ResumeContent | None = None
    letter: LetterContent | None = None
    changes: tuple[Change, ...] = ()


class Author(_Data):
    """Who wrote a document: a provider's model, or the built-in writer, whose model has no name."""

    document: DocumentKind
    provider: str = "builtin"
    model: str = ""


class Notice(_Data):
    """That models could not help, or not well, for people: why, and `instead` who has done which part without them."""

    why: str
    reasons: tuple[str, ...] = Field(default=(), description="What was wrong with each model that was asked.")
    instead: str = Field(default="", description="A clause; empty where a model has done it all the same.")


class Written(_Data):
    """The write stage's output: the draft, who wrote each document, and which of its changes a model proposed."""

    draft: Draft
    authors: tuple[Author, ...]
    proposed: tuple[str, ...] = Field(default=(), description="Ids of changes.")


class Repairs(_Data):
    """What models have said instead of what the fact gate refused: changes with the ids of those they replace."""

    changes: tuple[Change, ...] = ()


class FindingKind(StrEnum):
    """What the fact gate or the style check objects to."""

    NUMBER = "NUMBER"
    SKILL = "SKILL"
    ORGANIZATION = "ORGANIZATION"
    TITLE = "TITLE"
    DEGREE = "DEGREE"
    DATE = "DATE"
    SCOPE = "SCOPE"
    IDENTITY = "IDENTITY"
    CONSISTENCY = "CONSISTENCY"
    STYLE = "STYLE"


class Severity(StrEnum):
    """A BLOCK is never delivered: the text falls back to the profile's own words. A WARN is reported."""

    BLOCK = "BLOCK"
    WARN = "WARN"


class Finding(_Data):
    """One objection: where, to which words, and why, in a sentence for people."""

    document: DocumentKind
    path: str
    kind: FindingKind
    severity: Severity
    text: str = Field(description="The words objected to.")
    message: str


class Coverage(_Data):
    """Terms of the posting and where they stand. Supported terms are those that the profile has evidence for."""

    covered: tuple[str, ...] = ()
    uncovered_supported: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()

    @property
    def percent(self) -> int:
        """Covered terms of those that the profile supports; 100 where it supports none."""
        supported = len(self.covered) + len(self.uncovered_supported)
        return round(100 * len(self.covered) / supported) if supported else 100


class Verified(_Data):
    """The draft after the gate: nothing ungrounded is left in it; what was refused is listed with its reason."""

    draft: Draft
    refused: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    coverage: Coverage = Coverage()
