"""What is known about a document beside its words: what was changed and why, what was objected to, how it scores."""

import strawberry

from jobwise.documents import score
from jobwise.documents.content import DocumentKind
from jobwise.generation import types
from schema.enums import describe
from schema.jobs.types import Requirement

describe(
    types.Operation,
    "ChangeOperation",
    "What happens at a place of a document.",
    REPLACE="Other words, or another order.",
    ADD="Something that was not there.",
    REMOVE="Something is left out.",
    MOVE="Something stands elsewhere.",
)
describe(
    types.Transform,
    "ChangeTransform",
    "What a change does to the profile's words.",
    VERBATIM="Nothing: they are chosen or ordered.",
    REPHRASE="Says the same in other words.",
    REFRAME="Says the same with another weight.",
    SYNTHESIZE="Puts several facts together.",
    QUANTIFY="Brings in a number that the profile states elsewhere.",
)
describe(
    types.FactKind,
    "FactKind",
    "Where in the profile a fact stands.",
    HEADLINE="The headline.",
    SUMMARY="The summary.",
    EXPERIENCE="A job or voluntary post.",
    HIGHLIGHT="A line below a job, degree or project.",
    EDUCATION="A degree or course of study.",
    PROJECT="A project.",
    SKILL="A skill or group of skills.",
    CERTIFICATION="A certificate or licence.",
    LANGUAGE="A spoken language.",
    HONOR="An award or publication.",
)
describe(
    types.FindingKind,
    "FindingKind",
    "What the fact gate or the style check objects to.",
    NUMBER="A number that the profile does not state.",
    SKILL="A skill or tool that the profile does not name.",
    ORGANIZATION="An organisation that the profile does not name.",
    TITLE="A title that the profile does not state.",
    DEGREE="A degree that the profile does not state.",
    DATE="A date that the profile does not state.",
    SCOPE="A word such as `led` that the profile does not bear out.",
    IDENTITY="A name or contact detail that is not the person's.",
    CONSISTENCY="It contradicts what the profile says, or a change does not fit its place.",
    STYLE="Writing that could be better.",
)
describe(
    types.Severity,
    "FindingSeverity",
    "What follows from a finding.",
    BLOCK="The words were not delivered: the profile's own stand there instead.",
    WARN="The words were delivered; look at them.",
)
describe(
    score.Area,
    "ScoreArea",
    "The three parts of the score.",
    PARSE="Whether a machine reads the file right; 40 points.",
    MATCH="How it answers the posting; 45 points.",
    CONTENT="How it is written; 15 points.",
)


@strawberry.type(description="A fact of the profile on which a change rests.")
class EvidenceText:
    """In the words of the profile as it was when the generation was accepted; the document keeps them."""

    id: strawberry.ID = strawberry.field(description="Id of the part or line of the profile.")
    kind: types.FactKind = strawberry.field(description="Where in the profile it stands.")
    text: str = strawberry.field(description="What the profile says.")

    @classmethod
    def of(cls, fact: types.Fact) -> "EvidenceText":
        """From the product's fact."""
        return cls(id=strawberry.ID(str(fact.id)), kind=fact.kind, text=fact.text)


@strawberry.type(description="What a document says differently from the profile, why, and on what evidence.")
class Change:
    """A line of the change ledger."""

    id: strawberry.ID = strawberry.field(description="Stable within the document.")
    path: str = strawberry.field(description="The place, such as `resume.summary` or `letter.paragraphs.1`.")
    op: types.Operation = strawberry.field(description="What happens there.")
    transform: types.Transform = strawberry.field(description="What it does to the profile's words.")
    original: str = strawberry.field(description="The profile's words; of a list, one item a line. Empty for a letter.")
    value: str = strawberry.field(description="The document's words; of a list, one item a line.")
    reason: str = strawberry.field(description="Why, for people.")
    evidence: list[EvidenceText] = strawberry.field(description="The facts that it rests on.")
    requirements: list[Requirement] = strawberry.field(description="What of the posting it answers.")

    @classmethod
    def of(cls, change: types.CitedChange) -> "Change":
        """From the ledger."""
        return cls(
            id=strawberry.ID(change.id),
            path=change.path,
            op=change.op,
            transform=change.transform,
            original=change.original,
            value=change.value,
            reason=change.reason,
            evidence=[EvidenceText.of(fact) for fact in change.evidence],
            requirements=[Requirement.of(requirement) for requirement in change.requirements],
        )


@strawberry.type(description="An objection to some words of a draft.")
class Finding:
    """Blocked words are not in the document; they are listed so that nothing happens behind anybody's back."""

    document: DocumentKind = strawberry.field(description="Which document.")
    path: str = strawberry.field(description="The place in it.")
    kind: types.FindingKind = strawberry.field(description="What is objected to.")
    severity: types.Severity = strawberry.field(description="What follows from it.")
    text: str = strawberry.field(description="The words.")
    message: str = strawberry.field(description="Why, for people.")

    @classmethod
    def of(cls, finding: types.Finding) -> "Finding":
        """From the product's finding."""
        return cls(**dict(finding))


@strawberry.type(description="Terms of the posting, and where they stand.")
class Coverage:
    """Only what the profile supports can be covered."""

    percent: int = strawberry.field(description="Covered terms of those that the profile supports.")
    covered: list[str] = strawberry.field(description="In the document.")
    uncovered_supported: list[str] = strawberry.field(description="In the profile, but not in the document.")
    unsupported: list[str] = strawberry.field(description="Not in the profile.")

    @classmethod
    def of(cls, coverage: types.Coverage) -> "Coverage":
        """From the product's coverage."""
        return cls(
            percent=coverage.percent,
            covered=list(coverage.covered),
            uncovered_supported=list(coverage.uncovered_supported),
            unsupported=list(coverage.unsupported),
        )


@strawberry.type(description="One sub-score.")
class ScoreFactor:
    """Part of a score."""

    area: score.Area = strawberry.field(description="To which part it belongs.")
    key: str = strawberry.field(description="Its name.")
    earned: float = strawberry.field(description="Points.")
    max: float = strawberry.field(description="Points that there are to earn.")
    evidence: str = strawberry.field(description="What it is based on.")
    fix: str = strawberry.field(description="What would raise it; empty where nothing is lost.")


@strawberry.type(description="How good a résumé is, computed from the text of its file.")
class DocumentScore:
    """Never by a model."""

    version: int = strawberry.field(description="Version of the rules.")
    total: int = strawberry.field(description="0 to 100.")
    parse: float = strawberry.field(description="Points for how machines read it.")
    match: float | None = strawberry.field(description="Points for how it answers the posting; null without one.")
    content: float = strawberry.field(description="Points for how it is written.")
    factors: list[ScoreFactor] = strawberry.field(description="Where the points come from.")
    caps: list[str] = strawberry.field(description="Why the total was held down, if it was.")

    @classmethod
    def of(cls, plain: score.Score) -> "DocumentScore":
        """From the product's score."""
        return cls(**{**dict(plain), "factors": [ScoreFactor(**dict(factor)) for factor in plain.factors]})
