"""What the wire formats of vectors share: texts go out in one request, and as many vectors come back in one piece."""

import asyncio
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from jobwise.infra.http_client import HttpClients
from jobwise.llm.capabilities import embedding_capabilities
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import Client, Feature, Guard, TimeLimits, refused_feature, whole
from jobwise.llm.types import Link, Texts, Transcript, Usage

# A hundred of the longest vectors, written with all their digits.
_MOST_BYTES = 32_000_000
#: The longest vector that the database keeps.
_MOST_DIMENSIONS = 16_000

#: A vector as it must come: numbers, and nothing that is called one.
Numbers = list[Annotated[float, Field(strict=True, allow_inf_nan=False)]]
Vector = list[float]


@dataclass(frozen=True)
class Answer:
    """What a server answers: vectors in the order of the texts, and how many tokens it has read, if it tells."""

    vectors: Sequence[Vector]
    tokens: int | None


class Embedder(Client):
    """One model that makes vectors of texts."""

    def __init__(self, link: Link, http: HttpClients, limits: TimeLimits) -> None:
        super().__init__(link, http, limits)
        self.capabilities = embedding_capabilities(link.model)

    @abstractmethod
    def url(self) -> str:
        """Where the request goes."""

    @abstractmethod
    def body(self, texts: Sequence[str], dimensions: int | None) -> dict[str, Any]:
        """The request in the wire format; `dimensions` is None where the length of vectors cannot be chosen."""

    @abstractmethod
    def read(self, body: bytes) -> Answer:
        """The answer. Raises ValueError where it is none."""

    async def embed(self, texts: Texts, transcript: Transcript, call_id: UUID, guard: Guard) -> list[Vector]:
        """A vector for each text, of length 1, or all zero where the model found nothing in it.

        A server that does not let itself be told the number of dimensions is not told it again.

        Raises: ProviderError, and what `guard` raises, which is called right before a request goes out.
        """
        while True:
            told = None if Feature.DIMENSIONS in self._without else self.capabilities.dimensions
            try:
                return await self._ask(texts, told, transcript, call_id, guard)
            except ProviderError as error:
                if told is None or refused_feature(error) is not Feature.DIMENSIONS:
                    raise
                self._without |= {Feature.DIMENSIONS}
                transcript.again(texts)

    async def _ask(
        self, texts: Texts, dimensions: int | None, transcript: Transcript, call_id: UUID, guard: Guard
    ) -> list[Vector]:
        body = self.body(texts.texts, dimensions)
        with self._explained(transcript, guard) as remembered:
            try:
                async with (
                    asyncio.timeout(self._limits.call),
                    self._answered(self.url(), body, "application/json", transcript, call_id, remembered) as response,
                ):
                    said = await whole(response, _MOST_BYTES)
            except TimeoutError:
                raise ProviderError(ErrorKind.TIMEOUT, f"no answer within {self._limits.call:g} s") from None
            # Some megabytes of numbers.
            return await asyncio.to_thread(self._understood, said, len(texts.texts), dimensions, transcript)

    def _understood(self, said: bytes, texts: int, dimensions: int | None, transcript: Transcript) -> list[Vector]:
        try:
            answer = self.read(said)
        except ValueError:
            raise ProviderError(ErrorKind.PROTOCOL, "the answer has no readable vectors") from None
        if answer.tokens is not None:
            transcript.usage = Usage(input=answer.tokens)
        _check(answer.vectors, texts, dimensions)
        return [_of_length_one(vector) for vector in answer.vectors]


def _check(vectors: Sequence[Vector], texts: int, dimensions: int | None) -> None:
    """Raises ProviderError(PROTOCOL) where these cannot be the vectors of so many texts."""
    if len(vectors) != texts:
        raise ProviderError(ErrorKind.PROTOCOL, f"{len(vectors)} vectors for {texts} texts")
    lengths = {len(vector) for vector in vectors}
    if max(lengths, default=0) > _MOST_DIMENSIONS:
        raise ProviderError(
            ErrorKind.PROTOCOL, f"vectors of {max(lengths)} numbers where at most {_MOST_DIMENSIONS} are kept"
        )
    if len(lengths) != 1 or lengths == {0} or (dimensions and lengths != {dimensions}):
        found = ", ".join(map(str, sorted(lengths)))
        raise ProviderError(ErrorKind.PROTOCOL, f"vectors of {found} numbers where {dimensions or 'one length'} is due")


def _of_length_one(vector: Vector) -> Vector:
    """So that the largest numbers fit into what the database calculates with."""
    largest = max(map(abs, vector))
    if not largest:
        return vector
    scaled = [value / largest for value in vector]
    length = math.hypot(*scaled)
    return [value / length for value in scaled]
