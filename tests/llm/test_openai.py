"""What is special about chat completions."""

import pytest

from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.types import Request, Schema, Transcript
from tests.llm.adapters import line_to, script
from tests.llm.asking import REQUEST
from tests.providers.script import Behaviour, Script
from tests.providers.wires.base import frame

_SCHEMA = Schema(
    "numbers",
    {
        "type": "object",
        "properties": {"n": {"type": "array", "items": {"type": "integer", "minimum": 1}}},
    },
)


def _chunk(content: object, finish_reason: str | None = None) -> str:
    return frame({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}]})


async def test_a_request_is_put_as_the_vendor_documents_it() -> None:
    ask = Request("write", "Answer in JSON.", "Count.", 100, _SCHEMA, temperature=0.5)
    async with line_to("openai") as line:
        await line.ask(ask)
        sent = line.sent()

    assert sent == {
        "model": "gpt-6-luna",
        "messages": [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "Count."}],
        "max_completion_tokens": 100,
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "numbers",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": {
                        "n": {
                            "type": "array",
                            "items": {"type": "integer", "minimum": 1},
                        }
                    },
                    "required": ["n"],
                    "additionalProperties": False,
                },
            },
        },
    }


@pytest.mark.parametrize("version", ["", "2024-10-21"])
async def test_azure_is_asked_at_both_of_its_addresses_with_its_own_header(version: str) -> None:
    async with line_to("azure", azure_api_version=version) as line:
        answer = await line.ask()

        assert (answer.text, line.server.calls[0].model) == ("Ready.", "our-deployment")


@pytest.mark.parametrize("provider", ["openai", "groq", "azure"])
async def test_a_wrong_key_is_told_as_that(provider: str) -> None:
    wrong = "wrong-key"
    async with line_to(provider, openai_api_key=wrong, groq_api_key=wrong, azure_api_key=wrong) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.kind is ErrorKind.AUTH


async def test_the_temperature_is_told_only_where_it_may_be() -> None:
    ask = Request("write", "Answer.", "Greet me.", 100, temperature=0.5)
    told = []
    for provider in ("openai", "groq", "mistral", "openrouter"):
        async with line_to(provider) as line:
            await line.ask(ask)
            told.append(line.sent().get("temperature"))

    assert told == [None, None, 0.5, None]


async def test_servers_without_schemas_are_told_them_in_the_prompt_from_the_start() -> None:
    async with line_to("deepseek") as line:
        await line.ask(Request("write", "Answer in JSON.", "Count.", 100, _SCHEMA))
        sent = line.sent()

    assert sent["response_format"] == {"type": "json_object"}
    assert '"title": "numbers"' in sent["messages"][0]["content"]


async def test_a_list_of_mistakes_instead_of_a_message_is_handed_on() -> None:
    body = {"object": "error", "message": {"detail": [{"msg": "Extra inputs are not permitted"}]}, "code": None}
    async with line_to("mistral", Script(default=Behaviour(fault="status", status=422, body=body))) as line:
        with pytest.raises(ProviderError, match="Extra inputs are not permitted") as caught:
            await line.ask()

    assert caught.value.kind is ErrorKind.BAD_REQUEST


async def test_a_mistake_that_is_told_as_a_detail_is_understood() -> None:
    body = {"detail": [{"loc": ["body", "response_format"], "msg": "Extra inputs are not permitted", "type": "extra"}]}
    refusal = Behaviour(fault="status", status=422, body=body)
    async with line_to("house", Script(next=[refusal], default=Behaviour(text='{"n": [1]}'))) as line:
        answer = await line.ask(Request("write", "Answer.", "Count.", 100, _SCHEMA))
        formats = [sent["response_format"]["type"] for sent in line.server.requests]

    assert (answer.text, formats) == ('{"n": [1]}', ["json_schema", "json_object"])


async def test_what_was_counted_before_the_first_word_is_not_all_that_was_used() -> None:
    counted = frame({"choices": [], "usage": {"prompt_tokens": 32, "completion_tokens": 0, "total_tokens": 32}})
    transcript = Transcript()
    async with line_to("openai", script(stream=counted + _chunk("Ready for the next"))) as line:
        with pytest.raises(ProviderError):
            await line.ask(transcript=transcript)

    used = transcript.used(REQUEST)
    assert used.estimated
    assert used.output > 0


async def test_the_field_that_is_wrong_is_named_with_the_message() -> None:
    body = {"error": {"message": "Invalid value.", "type": "invalid_request_error", "param": "user", "code": None}}
    async with line_to("openai", Script(default=Behaviour(fault="status", status=400, body=body))) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.message == "Invalid value. (user)"


@pytest.mark.parametrize("end", ["data: [DONE]", "data: [DONE] \n\n", "data:[DONE]\n"])
async def test_the_end_marker_needs_no_exact_spaces(end: str) -> None:
    async with line_to("openai", script(stream=f"{_chunk('Ready.')}{_chunk('', 'stop')}{end}")) as line:
        assert (await line.ask()).text == "Ready."


async def test_a_byte_order_mark_swallows_no_words() -> None:
    stream = f"\ufeff{_chunk('All ')}{_chunk('of it.')}{_chunk('', 'stop')}data: [DONE]\n\n"
    async with line_to("openai", script(stream=stream)) as line:
        assert (await line.ask()).text == "All of it."


async def test_an_answer_in_parts_is_its_text_without_what_was_thought() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "They want a word."}]}
    pieces = [[thought], [{"type": "text", "text": "Rea"}], [{"type": "text", "text": "dy."}], ""]
    stream = "".join(map(_chunk, pieces)) + _chunk("", "stop") + "data: [DONE]\n\n"
    async with line_to("mistral", script(stream=stream)) as line:
        assert (await line.ask()).text == "Ready."


async def test_thoughts_that_begin_in_the_prompt_are_no_answer_either() -> None:
    answer = 'They want {"n": [1]}?</think>\n{"n": [2]}'
    async with line_to("local", script(text=answer)) as line:
        told = await line.ask(Request("write", "Answer.", "Count.", 100, _SCHEMA))

    assert told.text == '{"n": [2]}'


async def test_thoughts_that_a_server_leaves_in_the_answer_are_none_of_it() -> None:
    said: list[str] = []
    answer = '<think>Perhaps {"n": [1]}?</think>{"n": [2]}'
    stream = "".join(map(_chunk, answer)) + _chunk("", "stop") + "data: [DONE]\n\n"
    async with line_to("local", script(stream=stream)) as line:
        told = await line.ask(Request("write", "Answer.", "Count.", 100, _SCHEMA), Transcript(said.append))

    assert (told.text, "".join(said)) == ('{"n": [2]}', '{"n": [2]}')


async def test_what_was_thought_beside_the_completion_counts_as_output() -> None:
    counted = {
        "prompt_tokens": 32,
        "completion_tokens": 9,
        "total_tokens": 135,
        "completion_tokens_details": {"reasoning_tokens": 94},
    }
    usage = frame({"choices": [], "usage": counted})
    async with line_to("xai", script(stream=f"{_chunk('Ready.', 'stop')}{usage}data: [DONE]\n\n")) as line:
        used = (await line.ask(REQUEST)).usage

    assert (used.input, used.output, used.reasoning) == (32, 103, 94)


async def test_a_refusal_is_told_in_the_models_own_words() -> None:
    async with line_to("openai", script(fault="refusal")) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask(REQUEST)

    assert (caught.value.kind, caught.value.message) == (ErrorKind.REFUSED, "I cannot help with this.")
