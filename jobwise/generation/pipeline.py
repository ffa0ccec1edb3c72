"""One generation, from a claim to its end: heartbeat, checkpoints, the five stages, and what happens when they fail.

A stage whose input has been worked on before is read from its checkpoint. Every write is fenced by the claim's token,
so a worker that lost its lease stops without leaving a trace.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import orjson
import structlog
from pydantic import BaseModel

from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.documents.renderer import Renderer, RenderingFailed
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.generation import events, queries
from jobwise.generation.inputs import Inputs
from jobwise.generation.models import Status
from jobwise.generation.queries import Claim, LeaseLost
from jobwise.generation.stages.analyze import analyze
from jobwise.generation.stages.export import Exported, Exporter, FinishedDocument
from jobwise.generation.stages.match import gaps, match
from jobwise.generation.stages.verify import verify
from jobwise.generation.stages.write import write
from jobwise.generation.types import Draft, MatchReport, Stage, Verified
from jobwise.infra import db
from jobwise.infra.storage import Storage
from jobwise.jobs.requirements import JobAnalysis

Output = TypeVar("Output", bound=BaseModel)

#: Part of every input hash: raise it when a stage's output changes for the same input.
_VERSION = 1
_MOST_CRASHES = 3
_BEATS_PER_LEASE = 5
#: Without a heartbeat for this share of the lease, a worker stops by itself, before another may begin.
_FENCE = 0.7

# Progress when a stage begins and when it is done, and what people are told.
_STEPS = {
    Stage.ANALYZE: (4, 15, "Reading the posting", "Read the posting"),
    Stage.MATCH: (17, 25, "Comparing it with your profile", "Compared it with your profile"),
    Stage.WRITE: (28, 55, "Writing", "Wrote the documents"),
    Stage.VERIFY: (58, 70, "Checking every statement against your profile", "Checked every statement"),
    Stage.EXPORT: (73, 98, "Laying out the pages", "Made the files and read them back"),
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Tools:
    """What a worker lends to its generations."""

    worker: str
    renderer: Renderer
    storage: Storage
    lease: timedelta


async def run(claim: Claim, tools: Tools) -> None:
    """Work on a claimed generation until it has ended, is handed back or is lost to another worker.

    Raises CancelledError when the worker is asked to stop; the generation is handed back before.
    """
    with structlog.contextvars.bound_contextvars(generation_id=str(claim.id), user_id=str(claim.user_id)):
        work = asyncio.create_task(_Run(claim, tools).complete())
        beat = asyncio.create_task(_keep_lease(claim, tools.lease, work))
        try:
            await _settle(claim, work)
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
            await events.announce(claim.id, claim.user_id)


async def _settle(claim: Claim, work: "asyncio.Task[None]") -> None:
    """Wait for the work and write down how it ended."""
    try:
        await asyncio.wait([work])
    except asyncio.CancelledError:
        work.cancel()
        with suppress(BaseException):
            await work
        await queries.release(claim, timedelta(), "Handed to another worker", keep_attempt=False)
        raise
    error = asyncio.CancelledError() if work.cancelled() else work.exception()
    if error is None:
        return
    if isinstance(error, LeaseLost | asyncio.CancelledError):
        # Either the person cancelled, or the row is another worker's now: then this changes nothing.
        with suppress(LeaseLost):
            await queries.finish(claim, Status.CANCELLED, "Cancelled")
    elif isinstance(error, db.CONNECTION_ERRORS):
        log.warning(
            "generation_interrupted", error=repr(error)
        )  # The lease ends by itself; nothing can be written now.
    else:
        with suppress(LeaseLost):
            await _failed(claim, error)


async def _failed(claim: Claim, error: BaseException) -> None:
    """A refusal is final. What may be an accident is tried again, a few times, a little later each time."""
    is_final = isinstance(error, JobWiseError) and not isinstance(error, RenderingFailed)
    if not is_final and claim.attempt < _MOST_CRASHES:
        log.warning("generation_will_be_retried", attempt=claim.attempt, exc_info=error)
        await queries.release(claim, timedelta(seconds=2**claim.attempt), "Trying again in a moment", keep_attempt=True)
        return
    if isinstance(error, JobWiseError):
        await queries.finish(claim, Status.FAILED, error.message, code=error.code, detail=repr(error))
        return
    log.error("generation_failed", exc_info=error)
    message = "Something went wrong on our side. Your profile and posting are unchanged; please start it again."
    await queries.finish(claim, Status.FAILED, message, code=ErrorCode.INTERNAL, detail=repr(error))


async def _keep_lease(claim: Claim, lease: timedelta, work: "asyncio.Task[None]") -> None:
    """Extend the lease while the work goes on; stop the work when the person cancels or the lease is gone."""
    last = time.monotonic()
    while not work.done():
        await asyncio.sleep(lease.total_seconds() / _BEATS_PER_LEASE)
        try:
            if await queries.heartbeat(claim, lease):
                work.cancel()
            last = time.monotonic()
        except LeaseLost:
            work.cancel()
        except db.CONNECTION_ERRORS as error:
            log.warning("heartbeat_failed", error=repr(error))
            if time.monotonic() - last > _FENCE * lease.total_seconds():
                work.cancel()


class _Run:
    """The stages of one claim."""

    def __init__(self, claim: Claim, tools: Tools) -> None:
        self._claim = claim
        self._exporter = Exporter(tools.renderer, tools.storage)
        self._done: dict[tuple[str, str], Any] = {}
        self._usual: dict[Stage, float] = {}

    async def complete(self) -> None:
        """All stages, then everything that is delivered in one transaction."""
        await events.announce(self._claim.id, self._claim.user_id)
        self._done = await queries.checkpoints(self._claim.id)
        self._usual = await queries.stage_seconds()
        inputs = Inputs.model_validate(self._claim.inputs)
        profile, options, today = inputs.profile, inputs.options, inputs.today

        analysis = await self._stage(Stage.ANALYZE, JobAnalysis, [inputs.posting], lambda: analyze(inputs.posting))
        report = await self._stage(
            Stage.MATCH, MatchReport, [profile, analysis], lambda: asyncio.to_thread(match, profile, analysis, today)
        )
        draft = await self._stage(
            Stage.WRITE,
            Draft,
            [profile, analysis, report, options],
            lambda: asyncio.to_thread(write, profile, analysis, report, options, today),
        )
        verified = await self._stage(
            Stage.VERIFY,
            Verified,
            [profile, analysis, report, options, draft],
            lambda: asyncio.to_thread(verify, draft, profile, analysis, report, options, today),
        )
        exported = await self._stage(
            Stage.EXPORT,
            Exported,
            [inputs, analysis, report, verified],
            lambda: self._exporter.export(inputs, analysis, report, verified),
        )
        await self._deliver(inputs, analysis, report, verified, exported)

    async def _stage(
        self, stage: Stage, output: type[Output], basis: list[BaseModel], work: Callable[[], Awaitable[Output]]
    ) -> Output:
        """The stage's output: from its checkpoint if the same input was worked on before, else made and kept."""
        key = _hash(basis)
        if (stage.value, key) in self._done:
            return output.model_validate(self._done[stage.value, key])
        before, after, doing, did = _STEPS[stage]
        await queries.start_stage(self._claim, stage, before, self._eta(stage), doing)
        await events.announce(self._claim.id, self._claim.user_id)
        started = time.monotonic()
        made = await work()
        seconds = time.monotonic() - started
        await queries.save_checkpoint(self._claim, stage, key, made.model_dump(mode="json"), seconds, after, did)
        await events.announce(self._claim.id, self._claim.user_id)
        log.info("stage_completed", stage=stage.value, seconds=round(seconds, 3))
        return made

    def _eta(self, stage: Stage) -> float | None:
        """Seconds from the beginning of a stage to the end, by what stages took lately; None until that is known."""
        ahead = list(Stage)[list(Stage).index(stage) :]
        if not all(each in self._usual for each in ahead):
            return None
        return round(sum(self._usual[each] for each in ahead), 1)

    async def _deliver(
        self, inputs: Inputs, analysis: JobAnalysis, report: MatchReport, verified: Verified, exported: Exported
    ) -> None:
        """Documents, versions, files, the end and its event: all of it or nothing, and only with a living lease."""
        result = {
            "score": report.score,
            "gaps": [gap.model_dump(mode="json") for gap in gaps(report, analysis)],
            "warnings": [*analysis.warnings, *(warning for item in exported.documents for warning in item.warnings)],
        }
        count = len(exported.documents)
        async with db.transaction():
            message = "Your documents are ready" if count > 1 else "Your document is ready"
            await queries.finish(self._claim, Status.COMPLETED, message, result=result)
            for item in exported.documents:
                await self._insert(inputs, verified, item)

    async def _insert(self, inputs: Inputs, verified: Verified, item: FinishedDocument) -> None:
        kind = item.content.kind
        title = " · ".join(part for part in (inputs.posting.title, inputs.posting.company) if part)
        document = await Document.create(
            user_id=self._claim.user_id,
            generation_id=self._claim.id,
            kind=kind,
            title=title[:400],
            template=inputs.options.template,
            paper=inputs.options.paper.value,
        )
        version = await DocumentVersion.create(
            document=document,
            number=1,
            reason="Generated",
            content=item.content.model_dump(mode="json"),
            changes=[each.model_dump(mode="json") for each in verified.draft.changes if each.document is kind],
            refused=[each.model_dump(mode="json") for each in verified.refused if each.document is kind],
            findings=[each.model_dump(mode="json") for each in verified.findings if each.document is kind],
            coverage=verified.coverage.model_dump(mode="json"),
            score=item.score.model_dump(mode="json") if item.score else None,
            page_count=item.page_count,
        )
        await Export.bulk_create(
            Export(
                document_version=version,
                format=file.format,
                filename=file.filename,
                media_type=file.media_type,
                size=file.size,
                sha256=file.key,
                storage_key=file.key,
            )
            for file in item.files
        )


def _hash(basis: list[BaseModel]) -> str:
    plain = [_VERSION, *(each.model_dump(mode="json") for each in basis)]
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
