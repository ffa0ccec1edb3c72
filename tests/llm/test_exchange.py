"""What all wire formats have in common."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest

from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.failures import retry_after
from jobwise.llm.types import Completion, Finish, Request, Schema, Transcript, Usage, estimated_input
from tests.llm.adapters import line_to, script
from tests.llm.asking import REQUEST
from tests.providers.deployments import MODELS
from tests.providers.script import Behaviour, Script
from tests.providers.wires.base import frame

_WIRES = ("openai", "anthropic", "gemini")
_SCHEMA = Schema(
    "greeting",
    {
        "type": "object",
        "properties": {"text": {"type": "string", "maxLength": 20}, "tone": {"enum": ["warm", "cold"]}},
        "required": ["text", "tone"],
        "additionalProperties": False,
    },
)
_ASK = Request("write", "Answer in JSON.", "Greet me.", 100, _SCHEMA)
_GREETING = '{"text": "Hello.", "tone": "warm"}'


def _refusal(message: str) -> Behaviour:
    """A server that does not know some part of the request."""
    return Behaviour(fault="status", status=400, code="invalid_request_error", message=message)


def _refusing(*messages: str, text: str = _GREETING) -> Script:
    return Script(next=[_refusal(message) for message in messages], default=Behaviour(text=text))


@pytest.mark.parametrize("provider", list(MODELS))
async def test_an_answer_comes_piece_by_piece_and_ends_with_its_usage(provider: str) -> None:
    pieces: list[str] = []
    play = script(text="Ready when you are.", stream_seconds=0.25, thought_tokens=5, cached_tokens=3)
    async with line_to(provider, play) as line:
        answer = await line.ask(transcript=Transcript(pieces.append))
        (call,) = line.server.calls

    assert answer.text == "".join(pieces) == "Ready when you are."
    assert len(pieces) > 1
    assert answer.usage == Usage(input=call.input_tokens, output=call.output_tokens, cached=3, reasoning=5)
    assert (answer.finish, answer.provider, answer.model) == (Finish.STOP, provider, MODELS[provider])
    assert (answer.request_id, answer.warnings, answer.problems) == (call.id, (), ())
    assert len(call.client_request_id) == 36


@pytest.mark.parametrize("provider", list(MODELS))
async def test_a_schema_reaches_every_model_in_one_way_or_another(provider: str) -> None:
    async with line_to(provider, script(text=_GREETING)) as line:
        answer = await line.ask(_ASK)
        (call,) = line.server.calls

    assert (call.schema_name, answer.text, answer.problems) == ("greeting", _GREETING, ())


@pytest.mark.parametrize("provider", _WIRES)
async def test_an_answer_at_the_limit_says_so(provider: str) -> None:
    async with line_to(provider, script(fault="length", text="All of it, or half of it.")) as line:
        answer = await line.ask()

    assert (answer.finish, answer.text) == (Finish.LENGTH, "All of it, o")


@pytest.mark.parametrize("provider", _WIRES)
@pytest.mark.parametrize("fault", ["twice", "end_twice"])
async def test_an_answer_that_comes_twice_is_read_once(provider: str, fault: str) -> None:
    async with line_to(provider, script(fault=fault, text="Once.")) as line:
        answer = await line.ask()

    assert (answer.text, answer.usage.output) == ("Once.", 2)


@pytest.mark.parametrize("provider", _WIRES)
async def test_the_next_call_uses_the_same_connection_again(provider: str) -> None:
    async with line_to(provider, script(text="Ready.")) as line:
        for _ in range(3):
            await line.ask()

        assert (len(line.server.calls), line.server.connections) == (3, 1)


@pytest.mark.parametrize("provider", _WIRES)
async def test_a_cancelled_call_is_broken_off_at_the_provider_as_well(provider: str) -> None:
    async with line_to(provider, script(text="long " * 100, tokens_per_second=20)) as line:
        heard = asyncio.Event()
        asking = asyncio.create_task(line.ask(transcript=Transcript(lambda _: heard.set())))
        await heard.wait()
        asking.cancel()
        await asyncio.wait([asking])
        await line.server.idle()

        assert asking.cancelled()
        assert line.server.calls[0].outcome == "aborted"


async def test_a_guard_that_objects_keeps_the_request_from_going_out() -> None:
    def guard() -> None:
        raise PermissionError

    transcript = Transcript()
    async with line_to("anthropic") as line:
        with pytest.raises(PermissionError):
            await line.model.complete(REQUEST, transcript, uuid4(), guard)

        assert (line.server.calls, transcript.sent) == ([], False)


@pytest.mark.parametrize(
    ("provider", "message", "steps"),
    [
        ("openai", "Invalid parameter: 'response_format' of type 'json_schema' is not supported.", 2),
        ("local", "grammar could not be parsed", 2),
        ("anthropic", "output_config: Extra inputs are not permitted", 1),
        ("gemini", 'Unknown name "responseJsonSchema": Cannot find field. (response_json_schema)', 2),
    ],
)
async def test_a_server_that_refuses_schemas_is_asked_one_step_lower_and_never_so_again(
    provider: str, message: str, steps: int
) -> None:
    play = _refusing(*[message] * steps, text=f"Here you are:\n```json\n{_GREETING}\n```")
    async with line_to(provider, play) as line:
        answers = [await line.ask(_ASK) for _ in range(2)]
        outcomes = [call.outcome for call in line.server.calls]
        names = {call.schema_name for call in line.server.calls}

    assert [answer.text for answer in answers] == [_GREETING] * 2
    assert outcomes == ["refused"] * steps + ["finished"] * 2
    assert names == {"greeting"}


async def test_a_second_request_that_is_cut_off_is_counted_although_the_first_was_free() -> None:
    transcript = Transcript()
    play = Script(next=[_refusal("response_format is not supported"), Behaviour(fault="hang")])
    async with line_to("openai", play) as line:
        asking = asyncio.create_task(line.ask(_ASK, transcript))
        await line.server.asked(2)
        asking.cancel()
        await asyncio.wait([asking])

    assert transcript.used(_ASK) == Usage(input=estimated_input(_ASK), output=0, estimated=True)


async def test_what_the_first_request_has_used_before_it_was_refused_stays_counted() -> None:
    counted = {"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 500}}
    refused = {"error": {"message": "Unknown parameter: 'stream_options'.", "code": 400}}
    play = Script(next=[Behaviour(stream=frame(counted) + frame(refused))], default=Behaviour(text="Ready."))
    async with line_to("openai", play) as line:
        answer = await line.ask()
        second = line.server.calls[1]

    assert answer.usage == Usage(input=1_000 + estimated_input(REQUEST), output=500 + 2, estimated=True)
    assert second.input_tokens > 0


async def test_calls_that_are_refused_together_step_down_together() -> None:
    play = _refusing(*["response_format is not supported"] * 3)
    async with line_to("local", play, pools=4) as line:
        answers: list[Completion] = await asyncio.gather(*(line.ask(_ASK) for _ in range(3)))
        formats = [body["response_format"]["type"] for body in line.server.requests]

    assert [answer.text for answer in answers] == [_GREETING] * 3
    assert formats == ["json_schema"] * 3 + ["json_object"] * 3


async def test_a_schema_that_is_refused_in_every_way_is_a_bad_request() -> None:
    async with line_to("openai", Script(default=_refusal("response_format is wrong"))) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask(_ASK)

        assert (caught.value.kind, len(line.server.calls)) == (ErrorKind.BAD_REQUEST, 3)


@pytest.mark.parametrize(
    ("provider", "message", "field"),
    [
        ("openai", "Unsupported value: 'reasoning_effort' does not support 'low' with this model.", "reasoning_effort"),
        ("openai", "Unknown parameter: 'stream_options'.", "stream_options"),
        ("house", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens"),
        ("mistral", "Unsupported value: 'temperature' must be 1.", "temperature"),
        ("anthropic", "This model does not support the effort parameter.", "output_config"),
        ("gemini", "Thinking level is not supported for this model. (thinkingLevel)", "thinkingConfig"),
    ],
)
async def test_what_a_server_refuses_of_the_form_is_left_out_from_then_on(
    provider: str, message: str, field: str
) -> None:
    ask = Request("write", "Answer.", "Greet me.", 100, temperature=0.5)
    async with line_to(provider, _refusing(message)) as line:
        for _ in range(2):
            await line.ask(ask)
        bodies = [{**body, **body.get("generationConfig", {})} for body in line.server.requests]

    assert [field in body for body in bodies] == [True, False, False]


@pytest.mark.parametrize("message", ["No.", "max_tokens is too large: 100. This model supports at most 50."])
async def test_a_request_that_is_wrong_in_itself_is_asked_once(message: str) -> None:
    async with line_to("openai", Script(default=_refusal(message))) as line:
        with pytest.raises(ProviderError):
            await line.ask(_ASK)

        assert len(line.server.calls) == 1


@pytest.mark.parametrize("provider", _WIRES)
async def test_what_is_not_as_the_schema_wants_is_told(provider: str) -> None:
    async with line_to(provider, script(text='{"text": "far too long a text for this", "tone": "hot"}')) as line:
        answer = await line.ask(_ASK)

    assert answer.problems == ("$.text must be at most 20 characters", "$.tone must be one of ['warm', 'cold']")


@pytest.mark.parametrize(
    ("provider", "field", "value"),
    [
        ("openai", "reasoning_effort", "low"),
        ("groq", "reasoning_effort", "low"),
        ("deepseek", "reasoning_effort", "low"),
        ("mistral", "reasoning_effort", None),
    ],
)
async def test_the_effort_is_told_to_models_that_can_be_told(provider: str, field: str, value: str | None) -> None:
    async with line_to(provider) as line:
        await line.ask()

        assert line.sent().get(field) == value


async def test_a_prompt_that_was_silently_cut_is_noticed() -> None:
    long = Request("write", "Answer briefly.", "many words " * 4_000, 100)
    async with line_to("local", local="/ollama/v1") as line:
        cut, whole = await line.ask(long), await line.ask()

    assert cut.usage.input == 4096
    assert [len(answer.warnings) for answer in (cut, whole)] == [1, 0]
    assert "has read 4096 tokens of a prompt of about 11004" in cut.warnings[0]


@pytest.mark.parametrize("provider", [*_WIRES, "local"])
async def test_a_prompt_that_is_too_long_is_that(provider: str) -> None:
    async with line_to(provider, script(context_tokens=5)) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.kind is ErrorKind.CONTEXT_TOO_LONG


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 99999999999999 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2030 07:28:00 +99999999"}, None),
        ({}, None),
    ],
)
def test_the_headers_say_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_the_headers_may_name_the_time_instead() -> None:
    later = datetime.now(UTC) + timedelta(seconds=30)

    assert 27 < (retry_after({"retry-after": format_datetime(later, usegmt=True)}) or 0) <= 30


async def test_a_custom_server_needs_neither_a_row_nor_a_key() -> None:
    async with line_to("house", llm_endpoint_keys="") as line:
        await line.ask()

        assert "reasoning_effort" not in line.sent()
        assert line.sent()["max_tokens"] == REQUEST.max_output_tokens
