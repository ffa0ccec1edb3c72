"""How the stages ask models: on whose behalf, several questions at once, and what stands in an answer.

Nothing here decides whether an answer is true; see `fact_gate`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import structlog
from pydantic import BaseModel, ValidationError

from jobwise.documents.content import DocumentKind
from jobwise.generation.notices import NO_ANSWER, NOT_USABLE
from jobwise.generation.types import Notice
from jobwise.llm.errors import LlmUnavailable
from jobwise.llm.router import Router
from jobwise.llm.types import Caller, Completion, Request, nobody_listens

Item = TypeVar("Item", bound=BaseModel)
Result = TypeVar("Result")

# No answer that was asked for has as many; an endless list must not keep a worker from its other generations.
_MOST_ITEMS = 100

log = structlog.get_logger(__name__)


def nobody_follows(document: DocumentKind, text: str, restart: bool) -> None:
    """Where nobody follows the prose as it comes."""


@dataclass(frozen=True)
class Model:
    """The models that may be asked, on whose behalf, and who follows the prose as it comes.

    `on_text` gets the document, a piece of its text, and whether what it was told of this document before is void.
    `notices` collects why models could not help, or not well.
    """

    router: Router
    caller: Caller
    on_text: Callable[[DocumentKind, str, bool], None] = nobody_follows
    notices: list[Notice] = field(default_factory=list)

    def links(self, purpose: str) -> tuple[str, ...]:
        """The models that would be asked for this purpose, as `provider:model`, in order."""
        return self.router.links(purpose, self.caller)

    async def ask(
        self, request: Request, instead: str, on_text: Callable[[str], None] = nobody_listens
    ) -> Completion | None:
        """The answer; None where no model has given one. Raises what `caller.guard` raises.

        `instead` is who then does which part, as in `notices`.
        """
        try:
            completion = await self.router.complete(request, self.caller, on_text)
        except LlmUnavailable as error:
            log.warning("no_model_answered", purpose=request.purpose, error=str(error))
            self.notices.append(Notice(why=NO_ANSWER, reasons=error.reasons, instead=instead))
            return None
        self.notices.extend(Notice(why=warning) for warning in completion.warnings)
        return completion

    def not_usable(self, instead: str) -> None:
        """Note that a model has answered, and nothing of it is of use."""
        self.notices.append(Notice(why=NOT_USABLE, instead=instead))


async def together(calls: Sequence[Awaitable[Result]]) -> list[Result]:
    """All results. When one fails or the whole is cancelled, the others are cancelled, and waited for: they settle."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            # Who is being cancelled already settles its call just now: a second time would interrupt that.
            if not task.cancelling():
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def json_object(text: str) -> dict[str, Any]:
    """The object that a completion's text is, by the schema that was asked for; empty where it is none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def items(values: object, kind: type[Item]) -> list[Item]:
    """Those of the first values that have the right shape."""
    found: list[Item] = []
    for value in values[:_MOST_ITEMS] if isinstance(values, list) else []:
        try:
            found.append(kind.model_validate(value))
        except ValidationError:
            continue
    return found


def object_schema(**properties: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def list_schema(of: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a list."""
    return {"type": "array", "items": of}


STRING = {"type": "string"}
