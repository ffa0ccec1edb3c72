from collections.abc import AsyncIterator

import pytest

from jobwise.infra import redis_client


@pytest.fixture
async def shared_redis(redis_url: str) -> AsyncIterator[str]:
    """The URL of an empty Redis to which this process is connected, as workers are."""
    redis_client.connect(redis_url)
    yield redis_url
    await redis_client.close()
