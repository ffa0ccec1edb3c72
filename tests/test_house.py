"""The promises of conftest.py to all other tests."""

import asyncio
import os
import socket

import httpx
import pytest
from redis.asyncio import Redis

from jobwise.accounts.models import AuditEvent
from jobwise.config import settings
from tests.conftest import NetworkBlocked

_ELSEWHERE = "192.0.2.1"  # reserved for documentation: nobody answers there


async def test_nothing_beyond_this_machine_can_be_reached() -> None:
    with socket.socket() as plain, pytest.raises(NetworkBlocked):
        plain.connect((_ELSEWHERE, 80))
    with pytest.raises(NetworkBlocked):
        await asyncio.open_connection(_ELSEWHERE, 80)
    async with httpx.AsyncClient() as client:
        with pytest.raises(NetworkBlocked):
            await client.get("http://jobwise.example/")


def test_settings_come_from_no_environment_but_the_tests_own() -> None:
    assert settings().signing_key().startswith("only-for-tests")
    assert not [name for name in os.environ if name.endswith("_API_KEY")]


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_every_test_finds_its_database_and_redis_empty(database: str, redis_url: str, turn: str) -> None:
    assert (settings().database_url, settings().redis_url) == (database, redis_url)
    assert await AuditEvent.all().count() == 0
    await AuditEvent.create(action=turn)
    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("turn", turn)
