"""Starting, cancelling and deleting generations."""

import hashlib
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from jobwise.accounts.service import Viewer
from jobwise.config import settings
from jobwise.documents.content import DocumentKind, PaperSize
from jobwise.documents.templates import TEMPLATES
from jobwise.errors import ErrorCode, FieldError, JobWiseError, NotFound, ValidationFailed
from jobwise.generation import events, leases, queries
from jobwise.generation.inputs import Inputs, Posting
from jobwise.generation.models import Generation, IdempotencyKey
from jobwise.generation.types import Options, Tone, Writer
from jobwise.infra import db, queue
from jobwise.jobs import queries as jobs
from jobwise.jobs.models import Job
from jobwise.profiles import queries as profiles
from jobwise.profiles.content import ProfileContent

_LONGEST_INSTRUCTIONS = 2_000
_LONGEST_KEY = 200
# PostgreSQL refuses some of it, and a name with a soft hyphen in it would pass for none where names are taken out.
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


class QuotaExceeded(JobWiseError):
    """You have started as many generations as one person may in an hour: wait a little, then start again."""

    code = ErrorCode.QUOTA_EXCEEDED


class IdempotencyConflict(JobWiseError):
    """This idempotency key was used for another request: use a new key for a new request."""

    code = ErrorCode.IDEMPOTENCY_CONFLICT


class FirstDeleted(IdempotencyConflict):
    """This idempotency key was used for a generation that has been deleted: use a new key to order it once more."""


class GenerationEnded(JobWiseError):
    """This generation has ended already: there is nothing left to cancel."""

    code = ErrorCode.GENERATION_ENDED


class GenerationRunning(JobWiseError):
    """This generation is still running: cancel it before you delete it."""

    code = ErrorCode.CONFLICT


class GenerationNotEnded(JobWiseError):
    """Only a generation that failed or was cancelled can be retried: this one waits, runs or is complete."""

    code = ErrorCode.CONFLICT


class ProfileIncomplete(JobWiseError):
    """This profile has nothing to show yet: add at least one experience, education, project or skill."""

    code = ErrorCode.PROFILE_INCOMPLETE


@dataclass(frozen=True)
class StartRequest:
    """What a person asks for. The same `idempotency_key` with the same request returns the first generation.

    `models` are configured links, as `provider:model`, to be asked before the others; only staff may name any.
    """

    profile_id: UUID
    job_id: UUID
    kinds: tuple[DocumentKind, ...] = (DocumentKind.RESUME, DocumentKind.COVER_LETTER)
    template: str = "ats"
    paper: PaperSize = PaperSize.A4
    max_pages: int = 2
    language: str | None = None
    tone: Tone = Tone.PROFESSIONAL
    instructions: str = ""
    writer: Writer = Writer.QUALITY
    models: tuple[str, ...] = ()
    idempotency_key: str | None = None

    def hash(self) -> str:
        """Equal for equal requests, whatever their key."""
        # What a version before did not know leaves the hash of requests without it as it was.
        values = {name: str(value) for name, value in vars(self).items() if name != "idempotency_key" and value != ()}
        return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True)
class Accepted:
    """A generation that will end well or say why not. `notice` says what is slower than usual just now, if anything."""

    generation: Generation
    notice: str | None = None


async def start(viewer: Viewer, request: StartRequest) -> Accepted:
    """Accept a generation. Once this returns, it ends well or says why not, whatever dies in between.

    One transaction writes the row with its inputs, its idempotency key and the first event, and counts the quota. The
    doorbell comes after it and may fail: the sweeper finds the row. A key that was used before answers for as long as
    its generation is there, whatever became of the profile and the posting.

    Raises: ValidationFailed, NotFound, ProfileIncomplete, QuotaExceeded, IdempotencyConflict, FirstDeleted.
    """
    request = replace(request, instructions=_seen(request.instructions))
    _check(viewer, request)
    if first := await _first(viewer, request):
        return Accepted(first)
    profile = await profiles.profile(viewer, request.profile_id)
    job = await jobs.get(viewer, request.job_id)
    content = await profiles.content_of(profile)
    if not (content.experiences or content.education or content.projects or content.skills or content.summary):
        raise ProfileIncomplete
    async with db.transaction():
        generation_id = await _accept(viewer, request, content, job)
    if generation_id is None:
        # Somebody was faster with the key, and has committed: whoever asks again finds it.
        return await start(viewer, request)
    return await _accepted(viewer, generation_id)


async def retry(viewer: Viewer, generation_id: UUID) -> Accepted:
    """Let a failed or cancelled generation go on from its checkpoints. It counts like a new one.

    Raises: NotFound, GenerationNotEnded, QuotaExceeded.
    """
    generation = await get(viewer, generation_id)
    async with db.transaction():
        await _count(viewer)
        if not await queries.requeue(generation.id, viewer.user_id):
            await get(viewer, generation_id)
            raise GenerationNotEnded
    return await _accepted(viewer, generation.id)


async def cancel(viewer: Viewer, generation_id: UUID) -> Generation:
    """End a generation at once; who works on it breaks off within a second. Raises NotFound, GenerationEnded."""
    generation = await get(viewer, generation_id)
    if not await queries.request_cancel(generation.id, viewer.user_id):
        raise GenerationEnded
    await leases.announce_cancellation()
    await events.announce(generation.id, viewer.user_id)
    return await Generation.get(id=generation.id)


async def delete(viewer: Viewer, generation_id: UUID) -> None:
    """Forget an ended generation; its documents stay. Raises NotFound, GenerationRunning."""
    # One statement, so that what is retried at the same moment is either gone for the retry or stays.
    if not await queries.visible_to(viewer).filter(id=generation_id, status__in=events.ENDED).delete():
        await get(viewer, generation_id)
        raise GenerationRunning


async def get(viewer: Viewer, generation_id: UUID) -> Generation:
    """One of the viewer's generations. Raises NotFound."""
    generation = await queries.visible_to(viewer).get_or_none(id=generation_id)
    if generation is None:
        raise NotFound("There is no generation with this id among yours.")
    return generation


def _check(viewer: Viewer, request: StartRequest) -> None:
    wrong = list(_objections_to_models(viewer, request.models))
    if not request.kinds:
        wrong.append(FieldError("kinds", "choose at least one of RESUME and COVER_LETTER"))
    if request.template not in TEMPLATES:
        wrong.append(FieldError("template", f"{request.template!r} is not one of {', '.join(TEMPLATES)}"))
    if not 1 <= request.max_pages <= 4:
        wrong.append(FieldError("maxPages", f"{request.max_pages} is not between 1 and 4"))
    if request.language is not None and not (len(request.language) == 2 and request.language.isalpha()):
        wrong.append(FieldError("language", f"{request.language!r} is not a two-letter code such as en or de"))
    if len(request.instructions) > _LONGEST_INSTRUCTIONS:
        wrong.append(FieldError("instructions", f"longer than {_LONGEST_INSTRUCTIONS} characters"))
    if (key := request.idempotency_key) is not None and not (1 <= len(key) <= _LONGEST_KEY and key == _seen(key)):
        wrong.append(FieldError("idempotencyKey", f"must have 1 to {_LONGEST_KEY} characters and no invisible ones"))
    if wrong:
        raise ValidationFailed(wrong)


def _seen(text: str) -> str:
    """The text without what nobody sees."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in _UNSEEN)


def _objections_to_models(viewer: Viewer, models: Collection[str]) -> Iterator[FieldError]:
    configured = [":".join(link) for link in settings().model_links()]
    if models and not viewer.is_staff:
        yield FieldError("models", "only staff may name models; leave this out, or choose a writer")
    elif unknown := next((model for model in models if model not in configured), None):
        known = f"it has {', '.join(configured)}" if configured else "it has none"
        yield FieldError("models", f"{unknown[:100]!r} is not among the models of this installation: {known}")


async def _accept(viewer: Viewer, request: StartRequest, content: ProfileContent, job: Job) -> UUID | None:
    """Inside the transaction. Returns the new generation's id; None when its key is another one's by now."""
    generation_id = uuid4()
    if request.idempotency_key and not await _take_key(viewer, request, generation_id):
        return None
    await _count(viewer)
    title = f"{job.title} · {job.company}" if job.company else job.title
    await queries.insert(
        generation_id, viewer.user_id, request.profile_id, job.id, title, _inputs(request, content, job)
    )
    return generation_id


async def _count(viewer: Viewer) -> None:
    """Raise QuotaExceeded when the person has ordered as much as one may in an hour. Inside the transaction."""
    limit = settings().generations_an_hour()
    if await queries.ordered_within(viewer.user_id, timedelta(hours=1)) >= limit:
        raise QuotaExceeded(
            f"You have started {limit} generations in the last hour, as many as one person may: wait a little."
        )


async def _accepted(viewer: Viewer, generation_id: UUID) -> Accepted:
    """After the commit: ring, and say so when nobody can hear it."""
    notice = None
    await events.announce(generation_id, viewer.user_id)
    if not await queue.ring():
        notice = "Accepted. Workers cannot be called just now: they will find it by themselves, a little later."
    return Accepted(await get(viewer, generation_id), notice)


async def _first(viewer: Viewer, request: StartRequest) -> Generation | None:
    """What an equal request with this key has started. Raises IdempotencyConflict, FirstDeleted."""
    if request.idempotency_key is None:
        return None
    stored = await IdempotencyKey.get_or_none(user_id=viewer.user_id, key=request.idempotency_key)
    if stored is None:
        return None
    if stored.request_hash != request.hash():
        raise IdempotencyConflict
    generation = await Generation.get_or_none(id=stored.generation_id)
    if generation is None:
        raise FirstDeleted
    return generation


async def _take_key(viewer: Viewer, request: StartRequest, generation_id: UUID) -> bool:
    """Whether the key was free; whoever else is just taking it is waited for. Inside the transaction."""
    row = await db.fetch_one(
        """
        insert into idempotency_keys (id, user_id, key, request_hash, generation_id, created_at)
        values ($1, $2, $3, $4, $5, now()) on conflict (user_id, key) do nothing returning id
        """,
        uuid4(), viewer.user_id, request.idempotency_key, request.hash(), generation_id,
    )  # fmt: skip
    return row is not None


def _inputs(request: StartRequest, content: ProfileContent, job: Job) -> dict[str, Any]:
    posting = Posting(
        title=job.title, company=job.company, location=job.location, text=job.description, content_hash=job.content_hash
    )
    options = Options(
        kinds=request.kinds,
        template=request.template,
        paper=request.paper,
        max_pages=request.max_pages,
        language=request.language,
        tone=request.tone,
        instructions=request.instructions,
        writer=request.writer,
        models=request.models,
    )
    inputs = Inputs(profile=content, posting=posting, options=options, accepted_at=datetime.now(UTC))
    return inputs.model_dump(mode="json")
