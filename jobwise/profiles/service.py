"""Use cases of profiles. Every change is a new version, written in the transaction of the change.

A change locks the profile's row first, so that versions count up without gaps whatever happens at the same time.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from jobwise.accounts.service import Viewer
from jobwise.errors import ErrorCode, FieldError, JobWiseError, NotFound, ValidationFailed
from jobwise.infra import db
from jobwise.profiles import importers, limits, queries
from jobwise.profiles.content import Part, ProfileContent
from jobwise.profiles.importers import ImportReport
from jobwise.profiles.inputs import PartInput, ProfileInput
from jobwise.profiles.models import Profile, ProfileVersion
from jobwise.profiles.parts import KINDS, PartKind
from jobwise.profiles.queries import visible_to
from jobwise.profiles.validation import checked_part, checked_profile

_OWN_FIELDS = {"name", "headline", "summary", "language", "contact", "honors", "interests"}


class TooManyProfiles(JobWiseError):
    """There are as many profiles as an account can have: delete one first."""

    code = ErrorCode.CONFLICT


@dataclass
class Changed:
    """A profile after a change: its row, all of its content, and the part that was added or updated, if one was."""

    profile: Profile
    content: ProfileContent
    part: Part | None = None


@dataclass(frozen=True)
class Imported:
    """A profile made or replaced by an import, and what became of the file."""

    profile: Profile
    content: ProfileContent
    report: ImportReport


async def create(viewer: Viewer, values: ProfileInput) -> Changed:
    """Make a profile. Raises ValidationFailed, TooManyProfiles."""
    # The name is a placeholder until the check, which refuses an empty one.
    content = checked_profile({"name": "", **values.given()}, ProfileContent(name=""))
    return await _created(viewer, content, {}, "Created")


async def update(viewer: Viewer, profile_id: UUID, values: ProfileInput) -> Changed:
    """Change the profile's own fields; those not given stay. Raises NotFound, ValidationFailed."""
    async with _changing(viewer, profile_id, "Updated") as changed:
        new = checked_profile(values.given(), changed.content)
        await Profile.filter(id=profile_id).update(**_own_columns(new))
    return changed


async def delete(viewer: Viewer, profile_id: UUID) -> None:
    """Delete a profile with its parts and versions. Documents made from it stay. Raises NotFound."""
    if not await visible_to(viewer).filter(id=profile_id).delete():
        raise NotFound


async def add(viewer: Viewer, profile_id: UUID, values: PartInput) -> Changed:
    """Add a part, whose kind is that of its input. Raises NotFound, ValidationFailed."""
    kind = KINDS[type(values)]
    given = values.given()
    position = _position(given)
    async with _changing(viewer, profile_id, f"{kind.noun} added") as changed:
        changed.part = checked_part(kind.plain, given)
        siblings = getattr(changed.content, kind.section)
        if len(siblings) >= kind.most:
            raise ValidationFailed([FieldError(kind.section, f"A profile can have {kind.most} of these.")])
        await kind.table.create(profile_id=profile_id, position=await _end(kind, profile_id), **_columns(changed.part))
        if position is not None:
            await _move(kind, profile_id, changed.part.id, position)
    return changed


async def change(viewer: Viewer, part_id: UUID, values: PartInput) -> Changed:
    """Update a part; fields not given stay. Raises NotFound, ValidationFailed."""
    kind = KINDS[type(values)]
    given = values.given()
    position = _position(given)
    profile_id = await _profile_of(viewer, kind, part_id)
    async with _changing(viewer, profile_id, f"{kind.noun} updated") as changed:
        changed.part = checked_part(kind.plain, given, _part_of(changed.content, kind, part_id))
        await kind.table.filter(id=part_id).update(**_columns(changed.part, exclude={"id"}))
        if position is not None:
            await _move(kind, profile_id, part_id, position)
    return changed


async def remove(viewer: Viewer, kind: PartKind, part_id: UUID) -> Changed:
    """Delete a part. Raises NotFound."""
    profile_id = await _profile_of(viewer, kind, part_id)
    async with _changing(viewer, profile_id, f"{kind.noun} deleted") as changed:
        _part_of(changed.content, kind, part_id)
        await kind.table.filter(id=part_id).delete()
    return changed


async def import_profile(
    viewer: Viewer,
    data: bytes | Mapping[str, Any],
    *,
    format_key: str = "JSON_RESUME",
    profile_id: UUID | None = None,
) -> Imported:
    """Read a file into a new profile, or into an existing one in place of all that it holds.

    What is replaced stays in the versions. Raises ImportFailed, NotFound, TooManyProfiles.
    """
    if profile_id is not None:
        await queries.profile(viewer, profile_id)
    read = await asyncio.to_thread(importers.read, data, format_key)
    if profile_id is None:
        changed = await _created(viewer, read.content, read.unknown, "Imported")
    else:
        changed = await _replaced(viewer, profile_id, read.content, "Imported", unknown=read.unknown)
    return Imported(changed.profile, changed.content, read.report)


async def restore_version(viewer: Viewer, profile_id: UUID, number: int) -> Changed:
    """Make the profile what it was in an earlier version; that is a new version, too. Raises NotFound."""
    content = await queries.version_content(viewer, profile_id, number)
    return await _replaced(viewer, profile_id, content, f"Version {number} restored")


async def _created(viewer: Viewer, content: ProfileContent, unknown: dict[str, Any], reason: str) -> Changed:
    if await visible_to(viewer).count() >= limits.PROFILES:
        raise TooManyProfiles
    async with db.transaction():
        profile = await Profile.create(user_id=viewer.user_id, unknown=unknown, **_own_columns(content))
        await _insert_parts(profile.id, content)
        return await _versioned(Changed(profile, content), reason)


async def _replaced(viewer: Viewer, profile_id: UUID, content: ProfileContent, reason: str, **columns: Any) -> Changed:
    async with _changing(viewer, profile_id, reason) as changed:
        await Profile.filter(id=profile_id).update(**_own_columns(content), **columns)
        for kind in KINDS.values():
            await kind.table.filter(profile_id=profile_id).delete()
        await _insert_parts(profile_id, content)
    return changed


@asynccontextmanager
async def _changing(viewer: Viewer, profile_id: UUID, reason: str) -> AsyncIterator[Changed]:
    """Give the locked profile and its content for a change; afterwards they are as changed, in a new version."""
    async with db.transaction():
        profile = await visible_to(viewer).select_for_update().get_or_none(id=profile_id)
        if profile is None:
            raise NotFound
        changed = Changed(profile, await queries.content_of(profile))
        yield changed
        await _versioned(changed, reason)


async def _versioned(changed: Changed, reason: str) -> Changed:
    number = changed.profile.version + 1
    await Profile.filter(id=changed.profile.id).update(version=number, updated_at=datetime.now(UTC))
    changed.profile = await Profile.get(id=changed.profile.id)
    changed.content = await queries.content_of(changed.profile)
    await ProfileVersion.create(
        profile_id=changed.profile.id, number=number, reason=reason, content=changed.content.model_dump(mode="json")
    )
    return changed


async def _insert_parts(profile_id: UUID, content: ProfileContent) -> None:
    for kind in KINDS.values():
        rows = [
            kind.table(profile_id=profile_id, position=position, **_columns(part))
            for position, part in enumerate(getattr(content, kind.section))
        ]
        await kind.table.bulk_create(rows)


async def _profile_of(viewer: Viewer, kind: PartKind, part_id: UUID) -> UUID:
    visible = kind.table.filter(id=part_id, profile__user_id=viewer.user_id)
    profile_ids: list[Any] = await visible.values_list("profile_id", flat=True)
    if not profile_ids:
        raise NotFound
    return UUID(str(profile_ids[0]))


def _part_of(content: ProfileContent, kind: PartKind, part_id: UUID) -> Part:
    """The part in the locked profile: somebody may have deleted it since its profile was looked up."""
    found: Part | None = next((part for part in getattr(content, kind.section) if part.id == part_id), None)
    if found is None:
        raise NotFound
    return found


async def _end(kind: PartKind, profile_id: UUID) -> int:
    """The position after the last part. Deletions leave gaps, so that it is not the number of parts."""
    last: list[Any] = (
        await kind.table.filter(profile_id=profile_id).order_by("-position").limit(1).values_list("position", flat=True)
    )
    return last[0] + 1 if last else 0


async def _move(kind: PartKind, profile_id: UUID, part_id: UUID, position: int) -> None:
    rows: list[Any] = list(await kind.table.filter(profile_id=profile_id).order_by("position", "id"))
    moved = next(row for row in rows if row.id == part_id)
    rows.remove(moved)
    rows.insert(position, moved)
    for place, row in enumerate(rows):
        row.position = place
    await kind.table.bulk_update(rows, fields=["position"])


def _position(given: dict[str, Any]) -> int | None:
    position: int | None = given.pop("position", None)
    if position is not None and position < 0:
        raise ValidationFailed([FieldError("position", "Positions count from 0.")])
    return position


def _own_columns(content: ProfileContent) -> dict[str, Any]:
    return content.model_dump(mode="json", include=_OWN_FIELDS)


def _columns(part: Part, exclude: set[str] | None = None) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude=exclude)
