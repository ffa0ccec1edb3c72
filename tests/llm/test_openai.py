import asyncio
import time
from uuid import uuid4

import pytest

from jobwise.infra.http_client import HttpClients
from jobwise.llm.errors import ErrorKind, LlmUnavailable, ProviderError
from jobwise.llm.exchange import TimeLimits
from jobwise.llm.openai import OpenAiChat
from jobwise.llm.types import Caller, Completion, Deployment, Finish, Link, Transcript, Usage
from tests.llm.asking import REQUEST, WITH_SCHEMA, Scene, two_links
from tests.providers.script import Behaviour, Script
from tests.providers.server import running

pytestmark = pytest.mark.usefixtures("database")

_ONE_LINK = "openai:first,builtin"


def _script(**behaviour: object) -> Script:
    return Script(default=Behaviour.model_validate(behaviour))


async def _asked(scene: Scene) -> Completion:
    return await scene.router.complete(REQUEST, Caller())


async def _error(script: Script, **limits: float) -> ProviderError:
    async with two_links(script, chain=_ONE_LINK, **limits) as scene:
        with pytest.raises(LlmUnavailable) as caught:
            await _asked(scene)
    (failure,) = caught.value.failures
    return failure.error


async def test_an_answer_comes_piece_by_piece_and_ends_with_its_usage() -> None:
    pieces: list[str] = []
    async with two_links(_script(text="Ready when you are.", stream_seconds=0.3)) as scene:
        answer = await scene.router.complete(REQUEST, Caller(), pieces.append)
        (call,) = scene.first.calls

    assert answer.text == "".join(pieces) == "Ready when you are."
    assert len(pieces) > 1
    assert answer.finish is Finish.STOP
    assert answer.usage == Usage(input=call.input_tokens, output=call.output_tokens)
    assert (answer.provider, answer.model, answer.request_id) == ("openai", "first", call.id)


async def test_the_next_call_uses_the_same_connection_again() -> None:
    async with running(_script(text="Ready.")) as provider:
        http = HttpClients(pools=1)
        link = Link(Deployment("local", provider.url, ""), "any")
        model = OpenAiChat(link, http, TimeLimits(first_token=5, idle=5, call=5))
        for _ in range(3):
            await model.complete(REQUEST, Transcript(), uuid4(), lambda: None)

        assert (len(provider.calls), provider.connections) == (3, 1)
        await http.aclose()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "invalid_api_key", ErrorKind.AUTH),
        (403, "unsupported_country_region_territory", ErrorKind.AUTH),
        (404, "model_not_found", ErrorKind.UNKNOWN_MODEL),
        (400, "context_length_exceeded", ErrorKind.CONTEXT_TOO_LONG),
        (400, "exceed_context_size_error", ErrorKind.CONTEXT_TOO_LONG),
        (400, "content_filter", ErrorKind.REFUSED),
        (400, "invalid_request_error", ErrorKind.BAD_REQUEST),
        (422, "unprocessable", ErrorKind.BAD_REQUEST),
        (429, "rate_limit_exceeded", ErrorKind.RATE_LIMIT),
        (429, "insufficient_quota", ErrorKind.QUOTA),
        (429, "billing_hard_limit_reached", ErrorKind.QUOTA),
        (429, "project_spend_limit_exceeded", ErrorKind.QUOTA),
        (498, "capacity_exceeded", ErrorKind.OVERLOADED),
        (500, "server_error", ErrorKind.OVERLOADED),
        (503, "server_is_overloaded", ErrorKind.OVERLOADED),
    ],
)
async def test_what_a_provider_says_becomes_one_of_our_kinds(status: int, code: str, kind: ErrorKind) -> None:
    error = await _error(_script(fault="status", status=status, code=code, message="No."))

    assert (error.kind, error.message) == (kind, "No.")


@pytest.mark.parametrize(("headers", "seconds"), [({"retry-after": "7"}, 7.0), ({"retry-after-ms": "1500"}, 1.5)])
async def test_a_rate_limit_says_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    error = await _error(_script(fault="status", status=429, code="rate_limit_exceeded", headers=headers))

    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ({"fault": "cut"}, ErrorKind.CONNECTION),
        ({"fault": "cut", "after_tokens": 1}, ErrorKind.PROTOCOL),
        ({"fault": "no_done"}, ErrorKind.PROTOCOL),
        ({"fault": "malformed", "after_tokens": 1}, ErrorKind.PROTOCOL),
        ({"fault": "empty"}, ErrorKind.PROTOCOL),
        ({"fault": "refusal"}, ErrorKind.REFUSED),
        ({"fault": "content_filter"}, ErrorKind.REFUSED),
        ({"fault": "stream_error", "code": "server_error"}, ErrorKind.OVERLOADED),
        ({"fault": "stream_error", "code": "rate_limit_exceeded"}, ErrorKind.RATE_LIMIT),
    ],
)
async def test_a_stream_that_does_not_end_well_is_an_error_and_no_answer(
    behaviour: dict[str, object], kind: ErrorKind
) -> None:
    assert (await _error(_script(**behaviour))).kind is kind


async def test_nobody_at_the_address_is_an_error_at_once() -> None:
    async with two_links(chain=_ONE_LINK) as scene:
        await scene.first.stop()
        began = time.monotonic()
        with pytest.raises(LlmUnavailable) as caught:
            await _asked(scene)
        await scene.first.start()

    assert caught.value.failures[0].error.kind is ErrorKind.CONNECTION
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("behaviour", "limits", "words"),
    [
        ({"fault": "hang"}, {"first_token_seconds": 0.3}, "no first word within 0.3 s"),
        ({"fault": "hang", "after_tokens": 1}, {"idle_seconds": 0.3}, "nothing more for 0.3 s"),
        ({"text": "on and on " * 50, "tokens_per_second": 20}, {"call_seconds": 0.5}, "no end within 0.5 s"),
    ],
)
async def test_a_model_that_is_silent_or_endless_is_given_up_in_time(
    behaviour: dict[str, object], limits: dict[str, float], words: str
) -> None:
    began = time.monotonic()

    error = await _error(_script(**behaviour), **limits)

    assert (error.kind, error.message) == (ErrorKind.TIMEOUT, words)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("fault", ["twice", "end_twice"])
async def test_an_answer_that_comes_twice_is_read_once(fault: str) -> None:
    async with two_links(_script(fault=fault, text="Once.")) as scene:
        answer = await _asked(scene)
        (call,) = scene.first.calls

    assert (answer.text, answer.usage.output) == ("Once.", 2)
    assert answer.usage.input == call.input_tokens


async def test_an_answer_at_the_limit_says_so() -> None:
    async with two_links(_script(fault="length", text="All of it, or half of it.")) as scene:
        answer = await _asked(scene)

    assert (answer.finish, answer.text) == (Finish.LENGTH, "All of it, o")


async def test_a_schema_and_the_ledgers_id_are_told_to_the_provider() -> None:
    async with two_links() as scene:
        await scene.router.complete(WITH_SCHEMA, Caller())
        (call,) = scene.first.calls

    assert call.schema_name == "anything"
    assert len(call.client_request_id) == 36


async def test_a_cancelled_call_is_broken_off_at_the_provider_as_well() -> None:
    async with two_links(_script(text="long " * 100, tokens_per_second=20)) as scene:
        heard = asyncio.Event()
        asking = asyncio.create_task(scene.router.complete(REQUEST, Caller(), lambda _: heard.set()))
        await heard.wait()
        asking.cancel()
        await asyncio.wait([asking])
        await scene.first.idle()

        assert asking.cancelled()
        assert scene.first.calls[0].outcome == "aborted"
