"""One renderer for all tests of documents: starting a process costs a second, rendering a tenth."""

from collections.abc import AsyncIterator

import pytest

from jobwise.documents.renderer import Renderer


@pytest.fixture(scope="session")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(processes=1) as pool:
        yield pool
