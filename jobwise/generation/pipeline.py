"""One generation, from a claim to its end: checkpoints, the five stages, and what happens when they fail.

A stage whose input has been worked on before is read from its checkpoint. Every write is fenced by the claim's token,
so a worker that lost its lease stops without leaving a trace.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import orjson
import structlog
from pydantic import BaseModel

from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.documents.renderer import Renderer, RenderingFailed
from jobwise.errors import ErrorCode, JobWiseError
from jobwise.generation import events, queries
from jobwise.generation.facts import facts_of
from jobwise.generation.inputs import Inputs
from jobwise.generation.leases import Lease, Leases, cancelled
from jobwise.generation.ledger import cited
from jobwise.generation.model_calls import Model
from jobwise.generation.models import Status
from jobwise.generation.notices import sentences, with_authors
from jobwise.generation.queries import Claim, Kept, LeaseLost
from jobwise.generation.stages.analyze import analyze
from jobwise.generation.stages.export import Exported, Exporter, FinishedDocument
from jobwise.generation.stages.match import gaps, match
from jobwise.generation.stages.repair import repair
from jobwise.generation.stages.verify import verify
from jobwise.generation.stages.write import authors_of, compose
from jobwise.generation.types import (
    Change,
    CitedChange,
    MatchReport,
    Notice,
    Options,
    Repairs,
    Stage,
    Verified,
    Writer,
    Written,
)
from jobwise.infra import db, queue
from jobwise.infra.storage import Storage
from jobwise.jobs.requirements import JobAnalysis
from jobwise.llm.router import Router
from jobwise.llm.types import Budget, Caller, Preference

_Cite = Callable[[Iterable[Change]], Iterable[CitedChange]]
Output = TypeVar("Output", bound=BaseModel)
Answer = TypeVar("Answer")

#: Part of every input hash: raise it when a stage's output changes for the same input.
_VERSION = 3
#: A step within VERIFY, kept beside the stages.
_REPAIR = "REPAIR"
#: What models are asked for in a stage.
_PURPOSES = {Stage.ANALYZE: "analyze", Stage.WRITE: "write", Stage.VERIFY: "repair"}
#: Tokens of all answers of a stage together, what models think with not counted.
_BUDGETS = {Stage.ANALYZE: 1_500, Stage.WRITE: 3_000, Stage.VERIFY: 1_500}
_USUAL_SECONDS = 60.0

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
    """What a worker lends to its generations.

    Without a router, the built-in writer writes alone. Once `stopping` is set, each generation is handed back before
    its next stage.
    """

    worker: str
    renderer: Renderer
    storage: Storage
    leases: Leases
    most_seconds: float
    router: Router | None = None
    usual: "UsualTimes" = field(default_factory=lambda: UsualTimes())
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class HandedBack(Exception):
    """The worker stops: another one goes on from the last checkpoint."""


class OutOfTime(JobWiseError):
    """It took longer than we work on one. What was done is kept: retry it to go on from there."""

    code = ErrorCode.TIMED_OUT


async def run(claim: Claim, tools: Tools) -> None:
    """Work on a claimed generation until it has ended, is handed back or is lost to another worker.

    Raises CancelledError when the worker may not wait any longer; the generation is handed back before.
    """
    with structlog.contextvars.bound_contextvars(generation_id=str(claim.id), user_id=str(claim.user_id)):
        this = _Run(claim, tools)
        work = asyncio.create_task(this.complete())
        try:
            with tools.leases.hold(claim, work) as this.lease:
                await asyncio.wait([work])
            await _settle(this, _error_of(work))
        except asyncio.CancelledError:
            await cancelled(work)
            await _settle(this, HandedBack() if work.cancelled() else _error_of(work))
            raise
        finally:
            await events.announce(claim.id, claim.user_id)


def _error_of(work: "asyncio.Task[None]") -> BaseException | None:
    return asyncio.CancelledError() if work.cancelled() else work.exception()


async def _settle(this: "_Run", error: BaseException | None) -> None:
    """Write down how the work ended; what cannot be written now, the end of the lease will bring to light."""
    try:
        try:
            await _conclude(this, error)
        except LeaseLost:
            # An older API only asks for the end. Where the row is cancelled, or another worker's, this changes nothing.
            await queries.finish(this.claim, Status.CANCELLED, "Cancelled")
    except LeaseLost:
        log.info("generation_lost")
    except db.CONNECTION_ERRORS as gone:
        log.warning("generation_left_to_its_lease", error=repr(gone))


async def _conclude(this: "_Run", error: BaseException | None) -> None:
    match error:
        case None:
            return
        case HandedBack():
            await _release(this.claim, timedelta(), "Handed to another worker", keep_attempt=False)
        case LeaseLost() | asyncio.CancelledError():
            raise LeaseLost
        case _:
            await _failed(this, error)


async def _release(claim: Claim, delay: timedelta, message: str, *, keep_attempt: bool) -> None:
    """Hand a generation back, and wake another worker for it."""
    await queries.release(claim, delay, message, keep_attempt=keep_attempt)
    await queue.ring()


async def _failed(this: "_Run", error: BaseException) -> None:
    """A refusal is final. What may be an accident is tried again, a few times, a little later each time."""
    is_refusal = isinstance(error, JobWiseError) and error.code is not ErrorCode.UNAVAILABLE
    if (not is_refusal or isinstance(error, RenderingFailed)) and this.attempt < this.claim.max_attempts:
        log.warning("generation_will_be_retried", attempt=this.attempt, exc_info=error)
        delay = timedelta(seconds=2 ** (this.attempt - 1))
        await _release(this.claim, delay, "Trying again in a moment", keep_attempt=True)
        return
    if isinstance(error, JobWiseError):
        code, message = error.code, error.message
    else:
        code = ErrorCode.INTERNAL
        message = "Something went wrong on our side. What was done is kept: retry it to go on from there."
    log.error("generation_failed", exc_info=error)
    await queries.finish(this.claim, Status.FAILED, message, code=code, detail=repr(error))


class UsualTimes:
    """How long stages took lately, read from the database at most once a minute."""

    def __init__(self) -> None:
        self._read_at = -math.inf
        self._seconds: dict[tuple[Stage, bool], float] = {}

    async def left(self, ahead: list[Stage], *, with_models: bool) -> float | None:
        """Seconds that these stages take; None until each of them was observed, with models or without."""
        if time.monotonic() - self._read_at > _USUAL_SECONDS:
            self._read_at = time.monotonic()
            self._seconds = await queries.stage_seconds()
        seconds = [self._seconds.get((stage, with_models)) for stage in ahead]
        return None if None in seconds else round(sum(filter(None, seconds)), 1)


class _Run:
    """The stages of one claim."""

    lease: Lease

    def __init__(self, claim: Claim, tools: Tools) -> None:
        self.claim = claim
        #: Claims since the last checkpoint, this one included.
        self.attempt = claim.attempt
        self._tools = tools
        self._exporter = Exporter(tools.renderer, tools.storage)
        self._done: dict[tuple[str, str], Kept] = {}
        self._notices: dict[Stage, list[Notice]] = {stage: [] for stage in Stage}
        self._has_models = False

    async def complete(self) -> None:
        """All stages, then everything that is delivered in one transaction, within the time for one generation."""
        try:
            async with asyncio.timeout(max(0.0, self._tools.most_seconds - self.claim.spent_seconds)) as limit:
                await self._complete()
        except TimeoutError:
            if limit.expired():
                raise OutOfTime from None
            raise

    async def _complete(self) -> None:
        await self._announce()
        self._done = await self._patiently(lambda: queries.checkpoints(self.claim.id))
        inputs = Inputs.model_validate(self.claim.inputs)
        profile, options, today = inputs.profile, inputs.options, inputs.today
        self._has_models = any(self._model(stage, options) for stage in _PURPOSES)

        reader = self._model(Stage.ANALYZE, options)
        analysis = await self._stage(
            Stage.ANALYZE,
            JobAnalysis,
            [inputs.posting],
            lambda: self._patiently(lambda: analyze(inputs.posting, profile, reader)),
        )
        report = await self._stage(
            Stage.MATCH, MatchReport, [profile, analysis], lambda: asyncio.to_thread(match, profile, analysis, today)
        )
        written = await self._stage(
            Stage.WRITE,
            Written,
            [profile, analysis, report, options],
            lambda: compose(profile, analysis, report, options, today, self._model(Stage.WRITE, options)),
        )
        verified = await self._stage(
            Stage.VERIFY,
            Verified,
            [profile, analysis, report, options, written.draft],
            lambda: self._verified(inputs, analysis, report, written),
        )
        exported = await self._stage(
            Stage.EXPORT,
            Exported,
            [inputs, analysis, report, verified],
            lambda: self._exporter.export(inputs, analysis, report, verified),
        )
        await self._deliver(inputs, analysis, report, written, verified, exported)

    async def _verified(self, inputs: Inputs, analysis: JobAnalysis, report: MatchReport, written: Written) -> Verified:
        """The draft after the gate, with what models have put right of what they wrote."""
        repairs = await self._repairs(inputs, analysis, report, written) if written.proposed else Repairs()
        basis = inputs.profile, analysis, report, inputs.options, inputs.today
        return await asyncio.to_thread(verify, written.draft, *basis, repairs)

    async def _repairs(self, inputs: Inputs, analysis: JobAnalysis, report: MatchReport, written: Written) -> Repairs:
        """Asked for once, whatever happens to this stage: that is its expensive part."""
        profile, options, today = inputs.profile, inputs.options, inputs.today
        key = _hash([profile, analysis, report, options, written])
        if kept := self._done.get((_REPAIR, key)):
            self._recall(Stage.VERIFY, kept)
            return Repairs.model_validate(kept.output)
        model = self._model(Stage.VERIFY, options)
        if model is None:
            return Repairs()
        repairs = await repair(written, profile, analysis, report, options, today, model)
        plain, told = repairs.model_dump(mode="json"), self._told(Stage.VERIFY)
        await self._patiently(lambda: queries.save_step(self.claim, _REPAIR, key, plain, told))
        return repairs

    def _model(self, stage: Stage, options: Options) -> Model | None:
        """The models that a stage may ask; no call is begun once the lease is in doubt."""
        router = self._tools.router
        if router is None or options.writer is Writer.BUILTIN or not router.serves(_PURPOSES[stage]):
            return None
        prefer = Preference.SPEED if options.writer is Writer.SPEED else Preference.QUALITY
        budget = Budget(_BUDGETS[stage])
        person, about, guard = self.claim.user_id, self.claim.id, self.lease.guard
        caller = Caller(person, about, stage.value, guard, prefer, options.models, budget)
        return Model(router, caller, partial(events.tell_delta, self.claim.id), self._notices[stage])

    def _recall(self, stage: Stage, kept: Kept) -> None:
        """Who resumes tells what was told before."""
        self._notices[stage][:] = [Notice.model_validate(notice) for notice in kept.notices]

    def _told(self, stage: Stage) -> list[Any]:
        """A stage's notices, plain."""
        return [notice.model_dump(mode="json") for notice in self._notices[stage]]

    async def _stage(
        self, stage: Stage, output: type[Output], basis: list[BaseModel], work: Callable[[], Awaitable[Output]]
    ) -> Output:
        """The stage's output: from its checkpoint if the same input was worked on before, else made and kept."""
        key = _hash(basis)
        if kept := self._done.get((stage.value, key)):
            self._recall(stage, kept)
            return output.model_validate(kept.output)
        if self._tools.stopping.is_set():
            raise HandedBack
        before, after, doing, did = _STEPS[stage]
        ahead = list(Stage)[list(Stage).index(stage) :]
        eta = await self._left(ahead)
        await self._patiently(lambda: queries.start_stage(self.claim, stage, before, eta, doing))
        await self._announce()
        started = time.monotonic()
        made = await work()
        seconds = time.monotonic() - started
        plain, told = made.model_dump(mode="json"), self._told(stage)
        did = ". ".join([did, *sentences(self._notices[stage])])
        left = await self._left(ahead[1:])
        await self._patiently(
            lambda: queries.save_checkpoint(self.claim, stage, key, plain, seconds, after, did, told, left)
        )
        self.attempt = 1
        await self._announce()
        log.info("stage_completed", stage=stage.value, seconds=round(seconds, 3))
        return made

    async def _left(self, ahead: list[Stage]) -> float | None:
        return await self._patiently(lambda: self._tools.usual.left(ahead, with_models=self._has_models))

    async def _announce(self) -> None:
        await events.announce(self.claim.id, self.claim.user_id)

    async def _patiently(self, statement: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat a statement through a short absence of the database, for as long as the lease is surely ours."""
        return await db.patiently(statement, self.lease.guard)

    async def _deliver(
        self,
        inputs: Inputs,
        analysis: JobAnalysis,
        report: MatchReport,
        written: Written,
        verified: Verified,
        exported: Exported,
    ) -> None:
        """Documents, versions, files, the end and its event: all of it or nothing, and only with a living lease."""
        authors = authors_of(written, verified.draft)
        notices = [notice for stage in Stage for notice in self._notices[stage]]
        if self._model(Stage.WRITE, inputs.options):
            notices = with_authors(notices, authors)
        result = {
            "score": report.score,
            "gaps": [gap.model_dump(mode="json") for gap in gaps(report, analysis)],
            "authors": [author.model_dump(mode="json") for author in authors],
            "warnings": [
                *analysis.warnings,
                *sentences(notices),
                *(warning for item in exported.documents for warning in item.warnings),
            ],
        }
        message = "Your documents are ready" if len(exported.documents) > 1 else "Your document is ready"
        facts = await asyncio.to_thread(facts_of, inputs.profile, inputs.today)
        cite = partial(cited, facts=facts, requirements=analysis.requirements)

        async def deliver() -> None:
            async with db.transaction():
                await queries.finish(self.claim, Status.COMPLETED, message, result=result)
                for item in exported.documents:
                    await self._insert(inputs, verified, item, cite)

        await self._patiently(deliver)

    async def _insert(self, inputs: Inputs, verified: Verified, item: FinishedDocument, cite: _Cite) -> None:
        kind = item.content.kind
        title = " · ".join(part for part in (inputs.posting.title, inputs.posting.company) if part)
        document = await Document.create(
            user_id=self.claim.user_id,
            generation_id=self.claim.id,
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
            changes=[each.model_dump(mode="json") for each in cite(verified.draft.changes) if each.document is kind],
            refused=[each.model_dump(mode="json") for each in cite(verified.refused) if each.document is kind],
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
    # A choice that comes with a later version, left at its default, changes no hash: what is under way is not repeated.
    plain = [_VERSION, *(each.model_dump(mode="json", exclude_defaults=True) for each in basis)]
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
