"""Generations as clients see them: state, progress, what it was made from, what came out."""

import base64
import binascii
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from jobwise.documents.content import DocumentKind
from jobwise.documents.templates import Template as PlainTemplate
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.generation import models, types
from jobwise.generation.events import Progress
from jobwise.jobs.requirements import JobAnalysis as PlainAnalysis
from jobwise.llm.usage import by_provider
from schema import ids
from schema.context import Info
from schema.documents.types import Document
from schema.enums import describe
from schema.jobs.types import Job, JobAnalysis, Match
from schema.profiles.types import Profile
from schema.usage import ModelCall, Usage

describe(
    models.Status,
    "GenerationStatus",
    "Where a generation is. COMPLETED, FAILED and CANCELLED are final.",
    QUEUED="Accepted; waits for a worker.",
    RUNNING="A worker is at it.",
    COMPLETED="The documents are there.",
    FAILED="It could not be done; the error says why.",
    CANCELLED="The person stopped it.",
)
describe(
    models.EventType,
    "GenerationEventType",
    "What a progress event says.",
    ACCEPTED="It was accepted.",
    STARTED="A worker took it.",
    STAGE_STARTED="A stage began.",
    STAGE_COMPLETED="A stage is done.",
    RELEASED="Its worker gave it back; another one goes on where it stood.",
    RETRIED="It had failed or been stopped, and is to go on; what was done is kept.",
    COMPLETED="The documents are there. The last event.",
    FAILED="It failed. The last event.",
    CANCELLED="It was stopped. The last event.",
    RESYNC="What follows the cursor is not kept any more, or only a later version has a name for it. This is how it is "
    "now: read anew, and go on from here.",
    DELTA="A piece of text as it is written. Not kept: a follower who comes later does not see it.",
)
describe(
    types.Stage,
    "GenerationStage",
    "The stages, in order.",
    ANALYZE="Read the posting.",
    MATCH="Hold the profile against it.",
    WRITE="Choose and word what the documents say.",
    VERIFY="Check every statement against the profile.",
    EXPORT="Lay out the pages and make the files.",
)
describe(
    types.Tone,
    "Tone",
    "How the letter sounds. It never changes a fact.",
    PROFESSIONAL="Courteous and plain.",
    WARM="Friendly.",
    CONCISE="As short as possible.",
)


describe(
    types.Writer,
    "Writer",
    "Who reads the posting and writes. Everything passes the same checks.",
    QUALITY="The installation's models, the best first; where it has none, the built-in writer.",
    SPEED="The installation's models, the fastest first; where it has none, the built-in writer.",
    BUILTIN="The built-in writer alone: nothing is sent to a provider of models.",
)


class BadCursor(JobWiseError):
    """This is not a cursor of this subscription: leave it out to begin anew."""

    code = ErrorCode.BAD_REQUEST


class CursorOf(StrEnum):
    """What a cursor of progress events is a place in; the value is how cursors begin."""

    GENERATION = "event"
    PERSON = "person"


_SUBSCRIPTIONS = {CursorOf.GENERATION: "generationProgress", CursorOf.PERSON: "myGenerations"}


def encode_cursor(position: int, of: CursorOf = CursorOf.GENERATION) -> str:
    """The cursor of an event."""
    return base64.urlsafe_b64encode(f"{of}:{position}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str, of: CursorOf = CursorOf.GENERATION) -> int:
    """The number of the last event that a client has seen. Raises BadCursor."""
    try:
        name, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        kind, position = CursorOf(name), int(number)
    except (binascii.Error, ValueError):
        raise BadCursor from None
    if kind is not of:
        raise BadCursor(f"This is a cursor of `{_SUBSCRIPTIONS[kind]}`, not of `{_SUBSCRIPTIONS[of]}`.")
    if not 0 <= position < 2**62:
        raise BadCursor
    return position


@strawberry.type(description="A design for résumé and letter.")
class Template:
    """From the registry of templates."""

    key: str = strawberry.field(description="Its name in the API.")
    name: str = strawberry.field(description="Its name for people.")
    description: str = strawberry.field(description="What it looks like and what it is good for.")

    @classmethod
    def of(cls, template: PlainTemplate) -> "Template":
        """From the registry's line."""
        return cls(key=template.key, name=template.name, description=template.description)


@strawberry.type(description="Why a generation failed.")
class GenerationError:
    """With a way on, in its message."""

    code: ErrorCode = strawberry.field(description="What kind of failure it is.")
    message: str = strawberry.field(description="What happened and what can be done, for people.")


@strawberry.type(description="Who wrote a document, before people edited it.")
class Author:
    """A model is only named where some of its words were proposed; the fact gate may have refused them."""

    document: DocumentKind = strawberry.field(description="Which document.")
    provider: str = strawberry.field(description="Such as openai; builtin for the built-in writer.")
    model: str | None = strawberry.field(description="The model's name; null for the built-in writer.")

    @classmethod
    def of(cls, author: types.Author) -> "Author":
        """From the write stage's word."""
        return cls(document=author.document, provider=author.provider, model=author.model or None)


@strawberry.type(description="How long a stage took.")
class StageTiming:
    """Only stages that are done."""

    stage: types.Stage = strawberry.field(description="The stage.")
    seconds: float = strawberry.field(description="Our own time and that of model calls together.")


@strawberry.type(description="Figures about a generation.")
class GenerationAnalytics:
    """For people who wonder where the time went."""

    seconds: float | None = strawberry.field(description="From being accepted to its end; null while it goes on.")
    stages: list[StageTiming] = strawberry.field(description="Stages that are done, in order.")


@strawberry.type(description="An order of documents: one profile, one posting.")
class Generation(ids.Node):
    """Profile and posting are those of the moment when it was accepted, whatever is edited later."""

    row: strawberry.Private[models.Generation]
    title: str = strawberry.field(description="The position and the employer.")
    status: models.Status = strawberry.field(description="Where it is.")
    stage: types.Stage | None = strawberry.field(
        description="The stage that it is in or ended in; null before the first."
    )
    progress: int = strawberry.field(description="0 to 100.")
    eta_seconds: float | None = strawberry.field(
        description="About how long it will still take; null when that is not known."
    )
    attempts: int = strawberry.field(description="How often a worker took it; more than 1 after an interruption.")
    cancel_requested: bool = strawberry.field(description="Whether the person asked to stop it.")
    error: GenerationError | None = strawberry.field(description="Why it failed; null unless it did.")
    created_at: datetime = strawberry.field(description="When it was accepted.")
    started_at: datetime | None = strawberry.field(description="When a worker first took it.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def of(cls, row: models.Generation) -> "Generation":
        """From the table's row."""
        return cls(
            id=ids.encode("Generation", row.id),
            row=row,
            title=row.title,
            status=row.status,
            stage=types.Stage(row.stage) if row.stage else None,
            progress=row.progress,
            eta_seconds=row.eta_seconds,
            attempts=row.token,
            cancel_requested=row.cancel_requested_at is not None,
            error=_error(row),
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    @strawberry.field(description="The profile that it was ordered for; null when that was deleted since.")
    async def profile(self, info: Info) -> Profile | None:
        """As it is now."""
        row = await info.context.loaders.profile_rows.load(self.row.profile_id) if self.row.profile_id else None
        return Profile.of(row) if row else None

    @strawberry.field(description="The posting that it was ordered for; null when that was deleted since.")
    async def job(self, info: Info) -> Job | None:
        """As it is now."""
        row = await info.context.loaders.jobs.load(self.row.job_id) if self.row.job_id else None
        return Job.of(row) if row else None

    @strawberry.field(description="What the posting asks for; null until the stage ANALYZE is done.")
    async def analysis(self, info: Info) -> JobAnalysis | None:
        """As the generation read it."""
        output = (await info.context.loaders.stage_outputs.load(self.row.id)).get(types.Stage.ANALYZE)
        return JobAnalysis.of(PlainAnalysis.model_validate(output)) if output else None

    @strawberry.field(description="How the profile answers it; null until the stage MATCH is done.")
    async def match(self, info: Info) -> Match | None:
        """As the generation found it."""
        output = (await info.context.loaders.stage_outputs.load(self.row.id)).get(types.Stage.MATCH)
        return Match.of(types.MatchReport.model_validate(output)) if output else None

    @strawberry.field(description="What came out of it; empty until it is COMPLETED.")
    async def documents(self, info: Info) -> list[Document]:
        """Résumé and letter."""
        return [Document.of(row) for row in await info.context.loaders.documents.load(self.row.id)]

    @strawberry.field(description="Who wrote them: a model, or the built-in writer; empty until it is COMPLETED.")
    def authors(self) -> list[Author]:
        """One for each document."""
        found = (self.row.result or {}).get("authors", ())
        return [Author.of(types.Author.model_validate(author)) for author in found]

    @strawberry.field(
        description="What a person should know of it, in sentences: what of the posting could not be read, which part "
        "was done without a model and why, what did not fit; empty until it is COMPLETED."
    )
    def warnings(self) -> list[str]:
        """From the stages."""
        return list((self.row.result or {}).get("warnings", ()))

    @strawberry.field(description="What it used of models.")
    async def usage(self, info: Info) -> Usage:
        """From the ledger of model calls."""
        return Usage.of(by_provider(await info.context.loaders.model_calls.load(self.row.id)))

    @strawberry.field(description="Its model calls, the first one first.")
    async def model_calls(self, info: Info) -> list[ModelCall]:
        """Failed ones too."""
        return [ModelCall.of(row) for row in await info.context.loaders.model_calls.load(self.row.id)]

    @strawberry.field(description="Figures about it.")
    async def analytics(self, info: Info) -> GenerationAnalytics:
        """From its checkpoints."""
        timings = await info.context.loaders.stage_seconds.load(self.row.id)
        ended = self.row.finished_at
        return GenerationAnalytics(
            seconds=(ended - self.row.created_at).total_seconds() if ended else None,
            stages=[StageTiming(stage=stage, seconds=timings[stage]) for stage in types.Stage if stage in timings],
        )

    @strawberry.field(
        description="What happened so far, oldest first. To follow it live, subscribe to `generationProgress`."
    )
    async def events(self, info: Info) -> "list[GenerationEvent]":
        """All of them; there are some dozens at most."""
        rows = await info.context.loaders.events.load(self.row.id)
        return [GenerationEvent.of(Progress.of(row)) for row in rows]


# Read for every event, so without the large columns that the API does not show. The result is empty until the end.
_COLUMNS = sorted(models.Generation._meta.db_fields - {"inputs", "error_detail"})


async def _generations_now(keys: list[UUID]) -> list[models.Generation | None]:
    by_id = {row.id: row for row in await models.Generation.filter(id__in=set(keys)).only(*_COLUMNS)}
    return [by_id.get(key) for key in keys]


# One for all subscribers of the process: an event that wakes thousands of them at once is a few statements, not
# thousands. Nothing is remembered, and each asks only for what an event that they may see names.
_now = DataLoader(_generations_now, max_batch_size=500, cache=False)


@strawberry.type(description="Something that happened to a generation.")
class GenerationEvent:
    """Events have no gaps: whoever goes on behind a cursor misses nothing and sees nothing twice."""

    generation_id: strawberry.Private[UUID | None]
    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this event.")
    type: models.EventType = strawberry.field(description="What happened.")
    stage: types.Stage | None = strawberry.field(description="In which stage.")
    status: models.Status = strawberry.field(description="Where the generation was then.")
    progress: int = strawberry.field(description="0 to 100, then.")
    eta_seconds: float | None = strawberry.field(description="About how long it would still take, then.")
    message: str = strawberry.field(description="A sentence for people.")
    document: DocumentKind | None = strawberry.field(description="Which document a DELTA belongs to.")
    delta: str | None = strawberry.field(
        description="A piece of text while it is being written; null for everything else."
    )
    restart: bool = strawberry.field(
        description="Whether the text of this document begins anew with this DELTA: what came of it before is void. "
        "True for its first one, and when an answer broke off or could not be used."
    )
    created_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, progress: Progress, of: CursorOf = CursorOf.GENERATION) -> "GenerationEvent":
        """From what the product tells its followers."""
        return cls(
            generation_id=progress.generation_id,
            cursor=encode_cursor(progress.position, of),
            type=progress.type,
            stage=progress.stage,
            status=progress.status,
            progress=progress.progress,
            eta_seconds=progress.eta_seconds,
            message=progress.message,
            document=progress.document,
            delta=progress.delta,
            restart=progress.restart,
            created_at=progress.created_at,
        )

    @strawberry.field(
        description="The generation as it is now, the newest one for a RESYNC of `myGenerations`; null when it was "
        "deleted since."
    )
    async def generation(self) -> Generation | None:
        """Read anew for each event."""
        row = await _now.load(self.generation_id) if self.generation_id else None
        return Generation.of(row) if row else None


def _error(row: models.Generation) -> GenerationError | None:
    if row.error_code is None:
        return None
    return GenerationError(code=ErrorCode(row.error_code), message=row.error_message or "")
