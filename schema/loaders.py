"""Loaders: the reads of one operation, gathered into one statement for all parents that ask for the same thing.

They read children of what the viewer was shown already, or rows by ids that such a row carries; that a person may see the
parent has been checked where it was read.
"""

from collections import defaultdict
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader
from tortoise.models import Model

from jobwise.documents.models import Document, Export
from jobwise.generation.models import Generation
from jobwise.jobs.models import Job
from jobwise.profiles.models import Certification, Education, Experience, Language, Profile, Project, Skill

M = TypeVar("M", bound=Model)

#: More ids than this in one statement would only be planned more slowly.
_BATCH = 500


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
    """A fresh set for every operation, and for every event of a subscription. Each loader is made when it is first used."""

    @cached_property
    def experiences(self) -> DataLoader[UUID, list[Experience]]:
        """By profile."""
        return _children(Experience, "profile_id", "position")

    @cached_property
    def education(self) -> DataLoader[UUID, list[Education]]:
        """By profile."""
        return _children(Education, "profile_id", "position")

    @cached_property
    def projects(self) -> DataLoader[UUID, list[Project]]:
        """By profile."""
        return _children(Project, "profile_id", "position")

    @cached_property
    def skills(self) -> DataLoader[UUID, list[Skill]]:
        """By profile."""
        return _children(Skill, "profile_id", "position")

    @cached_property
    def certifications(self) -> DataLoader[UUID, list[Certification]]:
        """By profile."""
        return _children(Certification, "profile_id", "position")

    @cached_property
    def languages(self) -> DataLoader[UUID, list[Language]]:
        """By profile."""
        return _children(Language, "profile_id", "position")

    @cached_property
    def jobs(self) -> DataLoader[UUID, Job | None]:
        """By id."""
        return _rows(Job)

    @cached_property
    def profiles(self) -> DataLoader[UUID, Profile | None]:
        """By id."""
        return _rows(Profile)

    @cached_property
    def generations(self) -> DataLoader[UUID, Generation | None]:
        """By id."""
        return _rows(Generation)

    @cached_property
    def documents(self) -> DataLoader[UUID, list[Document]]:
        """By generation."""
        return _children(Document, "generation_id", "kind")

    @cached_property
    def exports(self) -> DataLoader[UUID, list[Export]]:
        """By document version."""
        return _children(Export, "document_version_id", "format")
