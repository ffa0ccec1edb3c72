"""Starting, watching and stopping generations in the API."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry
from strawberry import UNSET

from jobwise.documents.content import DocumentKind, PaperSize
from jobwise.documents.templates import TEMPLATES
from jobwise.generation import events, models, queries, service, types
from jobwise.generation.service import StartRequest
from schema import ids
from schema.context import Info
from schema.deletion import WHICH, DeleteInput, DeleteResult, DeleteSuccess
from schema.errors import Conflict, IdempotencyConflict, NotFound, ProfileIncomplete, QuotaExceeded, ValidationFailed
from schema.generation.types import CursorOf, Generation, GenerationEvent, Template, decode_cursor
from schema.inputs import given
from schema.pagination import DEFAULT_FIRST, After, Connection, First, check_first, connection


@strawberry.input(description="An order of documents.")
class StartGenerationInput:
    """Input of `startGeneration`."""

    profile_id: strawberry.ID = strawberry.field(description="The profile to write from.")
    job_id: strawberry.ID = strawberry.field(description="The posting to write for.")
    kinds: list[DocumentKind] = strawberry.field(
        default_factory=lambda: [DocumentKind.RESUME, DocumentKind.COVER_LETTER], description="What to make."
    )
    template: str = strawberry.field(default="ats", description="Key of a design; see `templates`.")
    paper: PaperSize = strawberry.field(default=PaperSize.A4, description="Paper of the PDFs.")
    max_pages: int = strawberry.field(default=2, description="Most pages of the résumé, 1 to 4.")
    language: str | None = strawberry.field(
        default=None, description="ISO 639-1 code of headings and courtesies; left out, the profile's."
    )
    tone: types.Tone = strawberry.field(default=types.Tone.PROFESSIONAL, description="How the letter sounds.")
    instructions: str = strawberry.field(default="", description="What else the writer should heed; never a new fact.")
    writer: types.Writer = strawberry.field(
        default=types.Writer.QUALITY, description="Who reads the posting and writes."
    )
    models: list[str] = strawberry.field(
        default_factory=list,
        description="Staff only: models to ask first, such as openai:gpt-6-luna, of those that `providers` shows.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="For 30 days, the same key with the same input answers with the first generation, made once, or "
        "says that it was deleted.",
    )

    def to_request(self) -> StartRequest:
        """The service's request."""
        values = given(self, without=("profile_id", "job_id"))
        profile_id, job_id = ids.decode(self.profile_id, "Profile"), ids.decode(self.job_id, "Job")
        return StartRequest(profile_id=profile_id, job_id=job_id, **values)


@strawberry.input(description="A generation to stop.")
class CancelGenerationInput:
    """Input of `cancelGeneration`."""

    id: strawberry.ID = strawberry.field(description="Id of the generation.")


@strawberry.input(description="A generation that failed or was cancelled.")
class RetryGenerationInput:
    """Input of `retryGeneration`."""

    id: strawberry.ID = strawberry.field(description="Id of the generation.")


@strawberry.input(description="Which generations. Everything that is given must hold.")
class GenerationFilter:
    """Filter of `generations`."""

    status: list[models.Status] | None = strawberry.field(default=UNSET, description="One of these.")
    profile_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Ordered for this profile.")
    job_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Ordered for this posting.")

    def to_filter(self) -> queries.GenerationFilter:
        """The product's filter."""
        values = given(self)
        for name, type_name in (("profile_id", "Profile"), ("job_id", "Job")):
            if values.get(name):
                values[name] = ids.decode(values[name], type_name)
        return queries.GenerationFilter(**values)


@strawberry.type(description="It is accepted, and ends well or says why not.")
class StartGenerationSuccess:
    """Result of `startGeneration`."""

    generation: Generation = strawberry.field(description="Follow it with `generationProgress`.")
    notice: str | None = strawberry.field(description="What is slower than usual just now, for people; mostly null.")


@strawberry.type(description="It goes on where it stood, and ends well or says why not.")
class RetryGenerationSuccess:
    """Result of `retryGeneration`."""

    generation: Generation = strawberry.field(description="Follow it with `generationProgress`.")
    notice: str | None = strawberry.field(description="What is slower than usual just now, for people; mostly null.")


@strawberry.type(description="It is stopped, or will be in a moment.")
class CancelGenerationSuccess:
    """Result of `cancelGeneration`."""

    generation: Generation = strawberry.field(description="As it is now.")


StartGenerationResult = Annotated[
    StartGenerationSuccess | ValidationFailed | NotFound | ProfileIncomplete | QuotaExceeded | IdempotencyConflict,
    strawberry.union("StartGenerationResult", description="What `startGeneration` answers."),
]
CancelGenerationResult = Annotated[
    CancelGenerationSuccess | NotFound | Conflict,
    strawberry.union("CancelGenerationResult", description="What `cancelGeneration` answers."),
]

RetryGenerationResult = Annotated[
    RetryGenerationSuccess | NotFound | Conflict | QuotaExceeded,
    strawberry.union("RetryGenerationResult", description="What `retryGeneration` answers."),
]


async def generation_of(info: Info, generation_id: str) -> Generation:
    """One of the viewer's generations by its global id. Raises NotFound."""
    return Generation.of(await service.get(info.context.viewer, ids.decode(generation_id, "Generation")))


@strawberry.type
class GenerationQueries:
    """Fields of the root type Query."""

    @strawberry.field(description="One of your generations.")
    async def generation(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Generation | None:
        """NOT_FOUND for somebody else's."""
        return await generation_of(info, id)

    @strawberry.field(description="Your generations, the newest first.")
    async def generations(
        self,
        info: Info,
        filter: Annotated[GenerationFilter | None, strawberry.argument(description="Which of them.")] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Connection[Generation]:
        """Also those that wait or run."""
        wanted = filter.to_filter() if filter else queries.GenerationFilter()
        page = await queries.page(info.context.viewer, wanted, first=check_first(first), after=after)
        return connection(page, after, Generation.of)

    @strawberry.field(description="The designs for documents.")
    def templates(self) -> list[Template]:
        """The same for everybody, signed in or not."""
        return [Template.of(template) for template in TEMPLATES.values()]


@strawberry.type
class GenerationMutations:
    """Fields of the root type Mutation."""

    @strawberry.mutation(description="Tailor a résumé and a cover letter to a posting. Progress: `generationProgress`.")
    async def start_generation(
        self, info: Info, input: Annotated[StartGenerationInput, strawberry.argument(description="The order.")]
    ) -> StartGenerationResult:
        """Once this is answered, it ends well or says why not, whatever dies in between."""
        accepted = await service.start(info.context.viewer, input.to_request())
        return StartGenerationSuccess(generation=Generation.of(accepted.generation), notice=accepted.notice)

    @strawberry.mutation(description="Let a failed or cancelled generation go on; what was done is not done again.")
    async def retry_generation(
        self, info: Info, input: Annotated[RetryGenerationInput, WHICH]
    ) -> RetryGenerationResult:
        """Counts like a new generation."""
        accepted = await service.retry(info.context.viewer, ids.decode(input.id, "Generation"))
        return RetryGenerationSuccess(generation=Generation.of(accepted.generation), notice=accepted.notice)

    @strawberry.mutation(description="Stop a generation: at once while it waits, within a second while it runs.")
    async def cancel_generation(
        self, info: Info, input: Annotated[CancelGenerationInput, WHICH]
    ) -> CancelGenerationResult:
        """Conflict when it had ended already."""
        generation = await service.cancel(info.context.viewer, ids.decode(input.id, "Generation"))
        return CancelGenerationSuccess(generation=Generation.of(generation))

    @strawberry.mutation(
        description="Forget a generation that has ended: its events, analysis, match, authors and warnings. Its "
        "documents stay whole, with their changes, evidence and files, and what it used of models still counts."
    )
    async def delete_generation(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeleteResult:
        """Conflict while it waits or runs."""
        await service.delete(info.context.viewer, ids.decode(input.id, "Generation"))
        return DeleteSuccess(deleted_id=input.id)


@strawberry.type
class GenerationSubscriptions:
    """Fields of the root type Subscription."""

    @strawberry.subscription(
        description="Everything that happens to a generation, from a cursor on, until it has ended."
    )
    async def generation_progress(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the generation.")],
        after: Annotated[
            str | None,
            strawberry.argument(description="Cursor of the last event seen; left out: from the first event."),
        ] = None,
    ) -> AsyncGenerator[GenerationEvent, None]:
        """Nothing is missed or repeated by whoever comes back with the last cursor."""
        seen = decode_cursor(after) if after is not None else 0
        generation = await service.get(info.context.viewer, ids.decode(id, "Generation"))
        async with aclosing(events.follow(generation.id, seen)) as followed:
            async for progress in followed:
                info.context.forget()
                yield GenerationEvent.of(progress)

    @strawberry.subscription(
        description="Everything that happens to all your generations, those that you start later too; never ends by "
        "itself. Pieces of text are only in `generationProgress`."
    )
    async def my_generations(
        self,
        info: Info,
        after: Annotated[
            str | None,
            strawberry.argument(description="Cursor of the last event seen; left out: what happens from now on."),
        ] = None,
    ) -> AsyncGenerator[GenerationEvent, None]:
        """Nothing is missed or repeated by whoever comes back with the last cursor."""
        user_id = info.context.viewer.user_id
        seen = decode_cursor(after, CursorOf.PERSON) if after is not None else await events.newest(user_id)
        async with aclosing(events.follow_person(user_id, seen)) as followed:
            async for progress in followed:
                info.context.forget()
                yield GenerationEvent.of(progress, CursorOf.PERSON)
