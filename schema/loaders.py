"""Loaders: the reads of one operation, gathered into one statement for all parents that ask for the same thing.

They read children of what the viewer was shown already, or rows by ids that such a row carries; that a person may see
the parent has been checked where it was read.

Where a field fails that must not be null, what its neighbours wait for is cancelled. What is read here belongs to
other parts of the answer as well, and is never cancelled with who asked for it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from strawberry import dataloader
from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.models import Model

from jobwise.accounts.service import Viewer
from jobwise.documents.models import Document, DocumentVersion, Export
from jobwise.errors import NotFound
from jobwise.generation.facts import facts_of
from jobwise.generation.models import Checkpoint, Event, Generation, Status
from jobwise.generation.types import Fact, Stage
from jobwise.jobs import service as jobs
from jobwise.jobs.models import Job
from jobwise.jobs.requirements import JobAnalysis
from jobwise.llm.models import LlmCall
from jobwise.profiles import queries as profiles
from jobwise.profiles.content import ProfileContent
from jobwise.profiles.models import Profile, ProfileVersion

K = TypeVar("K")
T = TypeVar("T")
M = TypeVar("M", bound=Model)

#: More ids than this in one statement would only be planned more slowly.
_BATCH = 500
#: So many of a profile's newest versions are listed.
VERSIONS = 50
_VERSION_COLUMNS = ("id", "profile_id", "number", "reason", "created_at")


class DataLoader(dataloader.DataLoader[K, T]):
    """Strawberry's, whose readers share a future for each key; here none of them can cancel it for the others."""

    def load(self, key: K) -> Awaitable[T]:
        """What belongs to this key, read with that of all who ask meanwhile."""
        return asyncio.shield(super().load(key))


def _children(model: type[M], parent: str, *order: str) -> DataLoader[UUID, list[M]]:
    """The rows below each parent, in order."""

    async def load(keys: list[UUID]) -> list[list[M]]:
        by_parent: dict[UUID, list[M]] = defaultdict(list)
        for row in await model.filter(**{f"{parent}__in": set(keys)}).order_by(*order):
            by_parent[getattr(row, parent)].append(row)
        return [by_parent[key] for key in keys]

    return DataLoader(load, max_batch_size=_BATCH)


def _rows(model: type[M]) -> DataLoader[UUID, M | None]:
    """Rows by their ids; None where there is none any more."""

    async def load(keys: list[UUID]) -> list[M | None]:
        by_id = {row.pk: row for row in await model.filter(id__in=set(keys))}
        return [by_id.get(key) for key in keys]

    return DataLoader(load, max_batch_size=_BATCH)


class Loaders:
    """A fresh set for every operation, every mutation in one, and every event of a subscription.

    Each loader is made when it is first used.
    """

    @cached_property
    def contents(self) -> DataLoader[UUID, ProfileContent]:
        """All parts of a profile, by the profile's id."""

        async def load(keys: list[UUID]) -> list[ProfileContent | NotFound]:
            found = await profiles.contents_of(keys)
            return [found.get(key) or NotFound() for key in keys]

        return DataLoader(load, max_batch_size=_BATCH)

    @cached_property
    def profile_versions(self) -> DataLoader[tuple[UUID, int], list[ProfileVersion]]:
        """The newest versions without their contents, by the profile's id and newest number."""

        async def load(keys: list[tuple[UUID, int]]) -> list[list[ProfileVersion]]:
            newest = [Q(profile_id=profile_id, number__gt=number - VERSIONS) for profile_id, number in keys]
            rows = await ProfileVersion.filter(Q(*newest, join_type=Q.OR)).order_by("-number").only(*_VERSION_COLUMNS)
            return [[row for row in rows if row.profile_id == profile_id] for profile_id, _ in keys]

        return DataLoader(load, max_batch_size=_BATCH)

    @cached_property
    def generation_counts(self) -> DataLoader[UUID, dict[Status, int]]:
        """How many generations a profile has in each status, by the profile's id."""

        async def load(keys: list[UUID]) -> list[dict[Status, int]]:
            grouped = (
                Generation.filter(profile_id__in=set(keys)).annotate(n=Count("id")).group_by("profile_id", "status")
            )
            counts: dict[UUID, dict[Status, int]] = defaultdict(dict)
            for profile_id, status, number in await grouped.values_list("profile_id", "status", "n"):
                counts[profile_id][status] = number
            return [counts[key] for key in keys]

        return DataLoader(load, max_batch_size=_BATCH)

    async def own_profile(self, viewer: Viewer, profile_id: UUID) -> Profile:
        """A profile of the viewer, looked up once for all who ask. Raises NotFound."""
        if profile_id not in self._own_profiles:
            self._own_profiles[profile_id] = asyncio.ensure_future(profiles.profile(viewer, profile_id))
        return await asyncio.shield(self._own_profiles[profile_id])

    @cached_property
    def _own_profiles(self) -> dict[UUID, asyncio.Future[Profile]]:
        return {}

    @cached_property
    def analyses(self) -> DataLoader[Job, JobAnalysis]:
        """By posting."""

        async def load(postings: list[Job]) -> list[JobAnalysis]:
            return await jobs.analyses_of(postings)

        return DataLoader(load, max_batch_size=_BATCH)

    @cached_property
    def jobs(self) -> DataLoader[UUID, Job | None]:
        """By id."""
        return _rows(Job)

    @cached_property
    def profile_rows(self) -> DataLoader[UUID, Profile | None]:
        """By id."""
        return _rows(Profile)

    @cached_property
    def generations(self) -> DataLoader[UUID, Generation | None]:
        """By id."""
        return _rows(Generation)

    @cached_property
    def documents(self) -> DataLoader[UUID, list[Document]]:
        """By generation."""
        return _children(Document, "generation_id", "-kind")

    @cached_property
    def exports(self) -> DataLoader[UUID, list[Export]]:
        """By document version."""
        return _children(Export, "document_version_id", "format")

    @cached_property
    def document_versions(self) -> DataLoader[UUID, list[DocumentVersion]]:
        """By document, the newest first."""
        return _children(DocumentVersion, "document_id", "-number")

    @cached_property
    def versions_with_content(self) -> DataLoader[tuple[UUID, int], DocumentVersion]:
        """By document and number."""

        async def load(keys: list[tuple[UUID, int]]) -> list[DocumentVersion | NotFound]:
            wanted = [Q(document_id=document_id, number=number) for document_id, number in keys]
            rows = {
                (row.document_id, row.number): row for row in await DocumentVersion.filter(Q(*wanted, join_type=Q.OR))
            }
            return [rows.get(key) or NotFound() for key in keys]

        return DataLoader(load, max_batch_size=_BATCH)

    @cached_property
    def events(self) -> DataLoader[UUID, list[Event]]:
        """By generation, the oldest first."""
        return _children(Event, "generation_id", "seq")

    @cached_property
    def stage_outputs(self) -> DataLoader[UUID, dict[Stage, Any]]:
        """What the stages before the writing found out, by generation."""

        async def load(keys: list[UUID]) -> list[dict[Stage, Any]]:
            stages = (Stage.ANALYZE.value, Stage.MATCH.value)
            rows = await Checkpoint.filter(generation_id__in=set(keys), stage__in=stages).order_by("created_at")
            outputs: dict[UUID, dict[Stage, Any]] = defaultdict(dict)
            for row in rows:
                outputs[row.generation_id][Stage(row.stage)] = row.output
            return [outputs[key] for key in keys]

        return DataLoader(load, max_batch_size=_BATCH)

    @cached_property
    def stage_seconds(self) -> DataLoader[UUID, dict[Stage, float]]:
        """How long each finished stage took, by generation."""

        async def load(keys: list[UUID]) -> list[dict[Stage, float]]:
            rows = Checkpoint.filter(generation_id__in=set(keys), stage__in=list(Stage)).order_by("created_at")
            timings: dict[UUID, dict[Stage, float]] = defaultdict(dict)
            for generation_id, stage, seconds in await rows.values_list("generation_id", "stage", "seconds"):
                timings[generation_id][Stage(stage)] = seconds
            return [timings[key] for key in keys]

        return DataLoader(load, max_batch_size=_BATCH)

    @cached_property
    def facts(self) -> DataLoader[UUID, dict[str, Fact]]:
        """The facts of the profile as it was when a generation was accepted, by generation and then by fact id."""

        async def load(keys: list[UUID]) -> list[dict[str, Fact]]:
            found: dict[UUID, dict[str, Fact]] = {}
            for key, inputs in await Generation.filter(id__in=set(keys)).values_list("id", "inputs"):
                found[key] = await asyncio.to_thread(_facts, inputs["profile"])
            return [found.get(key, {}) for key in keys]

        return DataLoader(load, max_batch_size=_BATCH)

    @cached_property
    def model_calls(self) -> DataLoader[UUID, list[LlmCall]]:
        """Model calls by generation, the first one first."""
        return _children(LlmCall, "generation_id", "created_at", "id")


def _facts(profile: dict[str, Any]) -> dict[str, Fact]:
    facts = facts_of(ProfileContent.model_validate(profile), datetime.now(UTC).date())
    return {str(fact.id): fact for fact in facts}
