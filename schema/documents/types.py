"""Documents as clients see them: content, changes with their evidence, versions, files."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import Field, TypeAdapter

from jobwise.documents import models
from jobwise.documents.content import DocumentContent as PlainContent
from jobwise.documents.content import DocumentKind, PaperSize
from jobwise.documents.formats import Format
from jobwise.documents.score import Score
from jobwise.generation import types as generation
from jobwise.generation.ledger import cited
from jobwise.generation.types import Stage
from jobwise.infra import storage
from jobwise.infra.storage import SignedFile
from jobwise.jobs.requirements import JobAnalysis
from schema import ids
from schema.context import Info
from schema.documents import content
from schema.documents.content import DocumentContent
from schema.documents.findings import Change, Coverage, DocumentScore, Finding

_CONTENT: TypeAdapter[PlainContent] = TypeAdapter(Annotated[PlainContent, Field(discriminator="kind")])


@strawberry.type(description="A format that documents can be exported in.")
class ExportFormat:
    """From the registry of formats."""

    key: str = strawberry.field(description="Its name in the API.")
    name: str = strawberry.field(description="Its name for people.")
    media_type: str = strawberry.field(description="Media type of its files.")
    extension: str = strawberry.field(description="Extension of its files.")

    @classmethod
    def of(cls, known: Format) -> "ExportFormat":
        """From the registry's line."""
        return cls(key=known.key, name=known.name, media_type=known.media_type, extension=known.extension)


@strawberry.type(description="A file made from a document.")
class Export:
    """Its link works for an hour and for whoever has it."""

    format: str = strawberry.field(description="Key of its format.")
    filename: str = strawberry.field(description="Name under which it is saved.")
    url: str = strawberry.field(description="Where to download it, for an hour. Ask again for a new link.")
    media_type: str = strawberry.field(description="Its media type.")
    size: int = strawberry.field(description="In bytes.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: models.Export, info: Info) -> "Export":
        """From the table's row, with a link of this moment."""
        settings = info.context.settings
        file = SignedFile(row.storage_key, row.filename, row.media_type)
        return cls(
            format=row.format,
            filename=row.filename,
            url=f"{settings.public_url.rstrip('/')}/files/{storage.sign(file, settings.signing_key())}",
            media_type=row.media_type,
            size=row.size,
            created_at=row.created_at,
        )


@strawberry.type(description="A document as it was after a decision.")
class DocumentVersion(ids.Node):
    """Versions are never changed; the newest one is the document."""

    number: int = strawberry.field(description="Counts up from 1.")
    reason: str = strawberry.field(description="Why there is this version.")
    page_count: int = strawberry.field(description="Pages of its PDF.")
    created_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.DocumentVersion) -> "DocumentVersion":
        """From the table's row."""
        return cls(
            id=ids.encode("DocumentVersion", row.id),
            number=row.number,
            reason=row.reason,
            page_count=row.page_count,
            created_at=row.created_at,
        )


@strawberry.type(description="A résumé or letter.")
class Document(ids.Node):
    """All that is read below it is that of its newest version."""

    row: strawberry.Private[models.Document]
    kind: DocumentKind = strawberry.field(description="Résumé or letter.")
    title: str = strawberry.field(description="Its name in lists.")
    template: str = strawberry.field(description="Key of its design.")
    paper: PaperSize = strawberry.field(description="Paper of its PDF.")
    version: int = strawberry.field(description="Number of the newest version.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: models.Document) -> "Document":
        """From the table's row."""
        return cls(
            id=ids.encode("Document", row.id),
            row=row,
            kind=row.kind,
            title=row.title,
            template=row.template,
            paper=PaperSize(row.paper),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    async def _newest(self, info: Info) -> models.DocumentVersion:
        return await info.context.loaders.versions_with_content.load((self.row.id, self.version))

    @strawberry.field(description="What it says.")
    async def content(self, info: Info) -> DocumentContent:
        """Of the newest version."""
        return content.of(_CONTENT.validate_python((await self._newest(info)).content))

    @strawberry.field(description="What it says differently from the profile, why, and on what evidence.")
    async def changes(self, info: Info) -> list[Change]:
        """Of the newest version."""
        return await self._ledger(info, (await self._newest(info)).changes)

    @strawberry.field(description="Changes that the fact gate refused; the profile's own words stand there instead.")
    async def refused(self, info: Info) -> list[Change]:
        """Of the newest version."""
        return await self._ledger(info, (await self._newest(info)).refused)

    async def _ledger(self, info: Info, stored: list[dict[str, Any]]) -> list[Change]:
        key = self.row.generation_id
        if key is None or all("evidence" in change for change in stored):
            return [Change.of(generation.CitedChange.model_validate(change)) for change in stored]
        # Workers of the version before leave what a change names to its generation, for as long as that is there.
        facts = await info.context.loaders.facts.load(key)
        found = (await info.context.loaders.stage_outputs.load(key)).get(Stage.ANALYZE)
        asked = JobAnalysis.model_validate(found).requirements if found else ()
        plain = [generation.Change.model_validate(change) for change in stored]
        return [Change.of(change) for change in cited(plain, facts.values(), asked)]

    @strawberry.field(description="What was objected to in the draft.")
    async def findings(self, info: Info) -> list[Finding]:
        """Of the newest version."""
        return [Finding.of(generation.Finding.model_validate(item)) for item in (await self._newest(info)).findings]

    @strawberry.field(description="Which of the posting's terms it has; null where there is no posting.")
    async def coverage(self, info: Info) -> Coverage | None:
        """Of the newest version."""
        stored = (await self._newest(info)).coverage
        return Coverage.of(generation.Coverage.model_validate(stored)) if stored else None

    @strawberry.field(description="How good it is; null for a letter.")
    async def score(self, info: Info) -> DocumentScore | None:
        """Of the newest version."""
        stored = (await self._newest(info)).score
        return DocumentScore.of(Score.model_validate(stored)) if stored else None

    @strawberry.field(description="Pages of its PDF.")
    async def page_count(self, info: Info) -> int:
        """Of the newest version."""
        return (await self._newest(info)).page_count

    @strawberry.field(description="Its files, with links.")
    async def exports(self, info: Info) -> list[Export]:
        """Of the newest version."""
        newest = await self._newest(info)
        return [Export.of(row, info) for row in await info.context.loaders.exports.load(newest.id)]

    @strawberry.field(description="All its versions, the newest first.")
    async def versions(self, info: Info) -> list[DocumentVersion]:
        """One for each decision."""
        return [DocumentVersion.of(row) for row in await info.context.loaders.document_versions.load(self.row.id)]
