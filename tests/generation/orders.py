"""Generations as the service accepts them, without an API around."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from jobwise.accounts.service import Viewer
from jobwise.generation import queries
from jobwise.generation.inputs import Inputs, Posting
from jobwise.generation.types import Options
from jobwise.infra import db
from tests.generation.people import ENGINEER

POSTING = Posting(
    title="Backend Engineer",
    company="Harbour Bank",
    location="Malmö",
    text=(
        "Backend Engineer\n\nWe move money between small banks.\n\nRequirements:\n"
        "- 5+ years of experience with Python\n"
        "- PostgreSQL in production\n- Experience with AWS\n\nNice to have:\n- Kubernetes\n- Rust\n"
    ),
    content_hash="a" * 64,
)


async def an_order(viewer: Viewer, **options: Any) -> UUID:
    """An accepted generation that waits for a worker."""
    generation_id = uuid4()
    inputs = Inputs(profile=ENGINEER, posting=POSTING, options=Options(**options), accepted_at=datetime.now(UTC))
    async with db.transaction():
        await queries.insert(
            generation_id, viewer.user_id, uuid4(), uuid4(), POSTING.title, inputs.model_dump(mode="json")
        )
    return generation_id
