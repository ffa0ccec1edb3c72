"""Postings to work with in tests."""

from typing import Any

from jobwise.accounts.service import Viewer
from jobwise.jobs import service
from jobwise.jobs.models import Job

#: Long enough to be a posting, and about nothing that a test searches for.
WORDS = "We are looking forward to somebody friendly and reliable who enjoys the work and learns every day. " * 2


async def a_job(viewer: Viewer, title: str = "Baker", description: str = "", **values: Any) -> Job:
    """A posting that was typed in."""
    values = {"title": title, "description": f"{description}\n\n{WORDS}", **values}
    return await service.create_manual(viewer, service.JobInput(**values))
