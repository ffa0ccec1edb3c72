"""Reads of profiles. Everything that a person can reach goes through `visible_to`."""

from collections.abc import Iterable
from uuid import UUID

from tortoise.queryset import QuerySet

from jobwise.accounts.service import Viewer
from jobwise.errors import NotFound
from jobwise.infra import db
from jobwise.profiles.content import ProfileContent
from jobwise.profiles.models import Profile, ProfileVersion


def visible_to(viewer: Viewer) -> QuerySet[Profile]:
    """The viewer's own profiles: what is not among them does not exist for the viewer."""
    return Profile.filter(user_id=viewer.user_id)


async def profile(viewer: Viewer, profile_id: UUID) -> Profile:
    """One profile. Raises NotFound."""
    found = await visible_to(viewer).get_or_none(id=profile_id)
    if found is None:
        raise NotFound
    return found


async def profiles(viewer: Viewer) -> list[Profile]:
    """All profiles, the newest first."""
    return await visible_to(viewer).order_by("-created_at", "-id")


async def content_of(found: Profile) -> ProfileContent:
    """The profile with all its parts, in one statement. Raises NotFound if it was deleted meanwhile."""
    contents = await contents_of([found.id])
    if found.id not in contents:
        raise NotFound
    return contents[found.id]


async def contents_of(profile_ids: Iterable[UUID]) -> dict[UUID, ProfileContent]:
    """Several profiles with all their parts, in one statement. For ids of profiles that came from `visible_to`."""
    rows = await db.fetch_all(_CONTENT, list(profile_ids))
    return {row["id"]: ProfileContent.model_validate_json(row["content"]) for row in rows}


async def versions(
    viewer: Viewer, profile_id: UUID, *, first: int = 50, before: int | None = None
) -> list[ProfileVersion]:
    """The versions of a profile, the newest first, from the one below number `before`. Raises NotFound."""
    await profile(viewer, profile_id)
    found = ProfileVersion.filter(profile_id=profile_id)
    if before is not None:
        found = found.filter(number__lt=before)
    return await found.order_by("-number").limit(first)


async def version_content(viewer: Viewer, profile_id: UUID, number: int) -> ProfileContent:
    """The profile as it was in a version. Raises NotFound."""
    visible = ProfileVersion.filter(profile_id=profile_id, profile__user_id=viewer.user_id)
    found = await visible.get_or_none(number=number)
    if found is None:
        raise NotFound("This profile has no version with this number.")
    return ProfileContent.model_validate(found.content)


# The columns are named as the fields of `ProfileContent`, so that PostgreSQL can put the whole together.
_CONTENT = """
select p.id, jsonb_build_object(
    'name', p.name, 'headline', p.headline, 'summary', p.summary, 'language', p.language, 'contact', p.contact,
    'honors', p.honors, 'interests', p.interests,
    'experiences', (
        select coalesce(jsonb_agg(to_jsonb(x) - '{profile_id,position}'::text[] order by x.position, x.id), '[]')
          from profile_experiences x where x.profile_id = p.id),
    'education', (
        select coalesce(jsonb_agg(to_jsonb(x) - '{profile_id,position}'::text[] order by x.position, x.id), '[]')
          from profile_education x where x.profile_id = p.id),
    'projects', (
        select coalesce(jsonb_agg(to_jsonb(x) - '{profile_id,position}'::text[] order by x.position, x.id), '[]')
          from profile_projects x where x.profile_id = p.id),
    'skills', (
        select coalesce(jsonb_agg(to_jsonb(x) - '{profile_id,position}'::text[] order by x.position, x.id), '[]')
          from profile_skills x where x.profile_id = p.id),
    'certifications', (
        select coalesce(jsonb_agg(to_jsonb(x) - '{profile_id,position}'::text[] order by x.position, x.id), '[]')
          from profile_certifications x where x.profile_id = p.id),
    'languages', (
        select coalesce(jsonb_agg(to_jsonb(x) - '{profile_id,position}'::text[] order by x.position, x.id), '[]')
          from profile_languages x where x.profile_id = p.id))::text as content
  from profiles p where p.id = any($1::uuid[])
"""
