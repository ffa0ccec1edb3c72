"""The vendors' clients, imported only when a test of this folder runs: they are slow to import."""

import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.providers.script import Script
from tests.providers.server import Provider, running


@pytest.fixture(scope="session")
async def shared_server() -> AsyncIterator[Provider]:
    """One server for all tests, so that their clients, which are slow to make, can be shared as well."""
    async with running(Script()) as provider:
        yield provider


@pytest.fixture
def server(shared_server: Provider) -> Provider:
    """The server, which answers usefully until it is told otherwise, with an empty bill."""
    shared_server.follow(Script())
    shared_server.calls.clear()
    shared_server.requests.clear()
    return shared_server


@pytest.fixture(scope="session")
def openai() -> Any:
    """OpenAI's SDK."""
    return importlib.import_module("openai")


@pytest.fixture(scope="session")
def anthropic() -> Any:
    """Anthropic's SDK."""
    return importlib.import_module("anthropic")


@pytest.fixture(scope="session")
def groq() -> Any:
    """Groq's SDK."""
    return importlib.import_module("groq")


@pytest.fixture(scope="session")
def genai() -> Any:
    """Google's SDK."""
    return importlib.import_module("google.genai")
