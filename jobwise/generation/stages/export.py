"""The export stage: pages laid out, files made and stored, and the finished file read back and scored."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from jobwise.documents.content import DocumentContent, DocumentKind, LetterContent, ResumeContent, SectionKind
from jobwise.documents.formats import Format, format_of
from jobwise.documents.read_back import Problem
from jobwise.documents.render import RenderedFile, RenderRequest
from jobwise.documents.renderer import Renderer
from jobwise.documents.score import Posting as ScoredPosting
from jobwise.documents.score import Score, TermUse, score
from jobwise.generation.coverage import with_implied
from jobwise.generation.facts import named_terms, terms_in
from jobwise.generation.inputs import Inputs
from jobwise.generation.types import MatchReport, Strength, Verified
from jobwise.generation.weighing import terms_of_posting
from jobwise.infra.storage import Storage
from jobwise.jobs.requirements import Importance, JobAnalysis, RequirementKind

_WEIGHTS = {Importance.MUST: 3, Importance.SHOULD: 2, Importance.NICE: 1}
_CREDENTIALS = (RequirementKind.EDUCATION, RequirementKind.CERTIFICATION)
_DATED = (
    SectionKind.EXPERIENCE,
    SectionKind.PROJECTS,
    SectionKind.EDUCATION,
    SectionKind.VOLUNTEERING,
    SectionKind.CERTIFICATIONS,
)
_LONGEST_NAME = 120


class StoredFile(BaseModel):
    """A file of a document, under its content-addressed key."""

    model_config = ConfigDict(frozen=True)

    format: str
    filename: str
    media_type: str
    size: int
    key: str


class FinishedDocument(BaseModel):
    """A document as it is delivered: `content` is what the PDF says, after the page fit."""

    model_config = ConfigDict(frozen=True)

    content: ResumeContent | LetterContent
    page_count: int
    files: tuple[StoredFile, ...]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    score: Score | None = None


class Exported(BaseModel):
    """Output of the stage: the résumé first."""

    model_config = ConfigDict(frozen=True)

    documents: tuple[FinishedDocument, ...]


@dataclass(frozen=True)
class Exporter:
    """Where files are made and kept."""

    renderer: Renderer
    storage: Storage

    async def export(self, inputs: Inputs, analysis: JobAnalysis, report: MatchReport, verified: Verified) -> Exported:
        """Make all files, résumé and letter side by side.

        Raises: PageLimitTooSmall (as RefusedByRenderer), RenderingFailed.
        """
        drafts = [content for content in (verified.draft.resume, verified.draft.letter) if content is not None]
        rendered = await asyncio.gather(*(self._pdf(inputs, content) for content in drafts))
        return Exported(documents=tuple([await self._finished(inputs, analysis, report, pdf) for pdf in rendered]))

    async def _pdf(self, inputs: Inputs, content: DocumentContent) -> RenderedFile:
        options = inputs.options
        return await self.renderer.render(
            content,
            created=inputs.accepted_at,
            template=options.template,
            paper=options.paper,
            max_pages=options.max_pages,
        )

    async def _finished(
        self, inputs: Inputs, analysis: JobAnalysis, report: MatchReport, pdf: RenderedFile
    ) -> FinishedDocument:
        files = [await self._stored(inputs, pdf.content, format_of("pdf"), pdf.data)]
        request = RenderRequest(content=pdf.content, created=inputs.accepted_at, template=inputs.options.template)
        for other in (format_of("text"), format_of("json")):
            made = await asyncio.to_thread(other.render, request)
            files.append(await self._stored(inputs, pdf.content, other, made.data))
        scored = None
        if isinstance(pdf.content, ResumeContent):
            scored = score(pdf, _scored_posting(inputs, analysis, report, pdf.content))
        return FinishedDocument(
            content=pdf.content,
            page_count=pdf.page_count,
            files=tuple(files),
            problems=pdf.read_back.problems if pdf.read_back else (),
            warnings=pdf.warnings,
            score=scored,
        )

    async def _stored(self, inputs: Inputs, content: DocumentContent, format: Format, data: bytes) -> StoredFile:
        return StoredFile(
            format=format.key,
            filename=_filename(inputs, content, format.extension),
            media_type=format.media_type,
            size=len(data),
            key=await self.storage.put(data),
        )


def _filename(inputs: Inputs, content: DocumentContent, extension: str) -> str:
    """What the file is called where it arrives, such as `Ada Example - Resume - Acme.pdf`."""
    what = "Resume" if content.kind is DocumentKind.RESUME else "Cover letter"
    parts = [content.name, what, inputs.posting.company]
    stem = " - ".join(part for part in (re.sub(r'[\x00-\x1f<>:"/\\|?*]+', " ", part).strip() for part in parts) if part)
    return f"{stem[:_LONGEST_NAME].rstrip(' .')}.{extension}"


def _scored_posting(inputs: Inputs, analysis: JobAnalysis, report: MatchReport, resume: ResumeContent) -> ScoredPosting:
    weights: dict[str, int] = {}
    for requirement in analysis.requirements:
        for term in requirement.terms:
            weights[term] = max(weights.get(term, 0), _WEIGHTS[requirement.importance])
    dated, listed = with_implied(_dated_terms(resume)), with_implied(_listed_terms(resume))
    supported = frozenset(report.covered_terms)
    asked = {item.id for item in analysis.requirements if item.kind in _CREDENTIALS}
    met = [
        match
        for match in report.requirements
        if match.requirement_id in asked and match.strength is not Strength.MISSING
    ]
    return ScoredPosting(
        text=inputs.posting.text,
        title=analysis.title,
        terms=tuple(
            TermUse(
                term=term,
                weight=weights.get(term, 1),
                supported=term in supported,
                # What the person does not have may still be a word of the posting's own title in their prose.
                dated=term in dated and term in supported,
                listed=term in listed and term in supported,
            )
            for term in terms_of_posting(analysis)
        ),
        years_asked=analysis.years,
        years=report.years,
        credentials_asked=len(asked),
        credentials_met=len(met),
    )


def _dated_terms(resume: ResumeContent) -> Iterator[str]:
    for section in resume.sections:
        if section.kind not in _DATED:
            continue
        for entry in section.entries:
            for text in (entry.title, entry.note, *(line.text for line in entry.lines)):
                yield from terms_in(text)
        for item in section.items:
            yield from named_terms([item.text])


def _listed_terms(resume: ResumeContent) -> Iterator[str]:
    yield from terms_in(resume.headline)
    yield from terms_in(resume.summary)
    for section in resume.sections:
        for group in section.groups:
            yield from named_terms([group.name, *group.items])
