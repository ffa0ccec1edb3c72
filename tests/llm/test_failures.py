"""For each provider and each failure: which kind it is. What follows from a kind is tested with the router."""

import traceback

import pytest

from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.exchange import TimeLimits
from jobwise.llm.types import Transcript, Usage
from tests.llm.adapters import line_to, script
from tests.llm.asking import REQUEST
from tests.providers.errors import DOCUMENTED, Documented
from tests.providers.script import Behaviour, Script
from tests.providers.wires.base import frame

_WIRES = ("openai", "anthropic", "gemini")
_OVERLOADED_IN_STREAM = {
    "openai": {"error": {"message": "Busy.", "type": "server_error", "code": None}},
    "openrouter": {
        "id": "gen-1",
        "error": {"code": 502, "message": "Busy."},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    },
    "groq": {"id": "1", "choices": [], "x_groq": {"id": "1", "error": "over_capacity"}},
    "local": {"error": "the runner has stopped"},
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    "gemini": {"error": {"code": 503, "message": "Busy.", "status": "UNAVAILABLE"}},
}
_LIMITED_IN_STREAM = {
    "openai": {"error": {"message": "Slow down.", "type": "tokens", "code": "rate_limit_exceeded"}},
    "openrouter": {"error": {"code": 429, "message": "Slow down."}, "choices": []},
    "anthropic": {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}},
    "gemini": {"error": {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED"}},
}


async def _error(provider: str, play: Script, transcript: Transcript | None = None) -> ProviderError:
    async with line_to(provider, play) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask(transcript=transcript)
    return caught.value


@pytest.mark.parametrize("failure", DOCUMENTED, ids=lambda failure: failure.id)
async def test_every_documented_failure_has_its_kind_costs_nothing_and_says_how_long_to_wait(
    failure: Documented,
) -> None:
    transcript = Transcript()

    error = await _error(failure.provider, Script(default=failure.behaviour()), transcript)

    assert (error.kind, error.retry_after) == (failure.kind, failure.retry_after)
    assert error.message
    assert transcript.usage == Usage()
    assert transcript.request_id or failure.provider == "gemini"


@pytest.mark.parametrize(
    ("provider", "body", "kind"),
    [
        *((provider, body, ErrorKind.OVERLOADED) for provider, body in _OVERLOADED_IN_STREAM.items()),
        *((provider, body, ErrorKind.RATE_LIMIT) for provider, body in _LIMITED_IN_STREAM.items()),
    ],
)
@pytest.mark.parametrize("after_tokens", [0, 2])
async def test_an_error_in_the_stream_is_an_error_whatever_the_status_was(
    provider: str, body: object, kind: ErrorKind, after_tokens: int
) -> None:
    play = script(fault="stream_error", body=body, after_tokens=after_tokens, text="Not all of it is said.")

    assert (await _error(provider, play)).kind is kind


@pytest.mark.parametrize("provider", _WIRES)
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ({"fault": "cut"}, ErrorKind.CONNECTION),
        ({"fault": "cut", "after_tokens": 2}, ErrorKind.PROTOCOL),
        ({"fault": "no_done"}, ErrorKind.PROTOCOL),
        ({"fault": "malformed", "after_tokens": 1}, ErrorKind.PROTOCOL),
        ({"fault": "empty"}, ErrorKind.PROTOCOL),
        ({"fault": "refusal"}, ErrorKind.REFUSED),
        ({"fault": "content_filter"}, ErrorKind.REFUSED),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else str(value),
)
async def test_a_stream_that_does_not_end_well_is_no_answer(
    provider: str, behaviour: dict[str, object], kind: ErrorKind
) -> None:
    assert (await _error(provider, script(**behaviour))).kind is kind


@pytest.mark.parametrize("provider", _WIRES)
async def test_what_a_cut_stream_has_used_is_estimated_from_what_was_told_and_said(provider: str) -> None:
    transcript = Transcript()
    play = script(fault="cut", after_tokens=3, text="A dozen signs and more")
    async with line_to(provider, play) as line:
        with pytest.raises(ProviderError):
            await line.ask(transcript=transcript)
        (call,) = line.server.calls

    used = transcript.used(REQUEST)
    assert (used.estimated, used.output) == (True, call.output_tokens)
    assert abs(used.input - call.input_tokens) <= 2


@pytest.mark.parametrize("provider", _WIRES)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, ErrorKind.ADDRESS) for status in (301, 307, 405, 410, 415, 418, 421, 426)),
        (407, ErrorKind.CONNECTION),
        (451, ErrorKind.AUTH),
        *((status, ErrorKind.OVERLOADED) for status in (424, 425, 499, 501, 530)),
        *((status, ErrorKind.BAD_REQUEST) for status in (400, 422)),
    ],
)
async def test_only_who_says_that_a_request_is_bad_makes_it_one(provider: str, status: int, kind: ErrorKind) -> None:
    error = await _error(provider, script(fault="status", status=status, body="No."))

    assert (error.kind, error.message) == (kind, f"HTTP {status}: No.")


@pytest.mark.parametrize("status", [200, 201, 202, 206])
async def test_what_is_no_answer_in_spite_of_its_status_is_not_repeated(status: int) -> None:
    error = await _error("openai", script(fault="status", status=status, body="Nurse at St. Mary since 2011"))

    assert error.kind is ErrorKind.PROTOCOL
    assert f"HTTP {status} with " in error.message
    assert "Mary" not in error.message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"detail": "Not Found"}, ErrorKind.ADDRESS),
        (404, "404 page not found", ErrorKind.ADDRESS),
        (404, {"error": {"message": "Invalid URL (POST /v2/chat/completions)", "code": None}}, ErrorKind.ADDRESS),
        (404, {"error": {"message": 'model "none" not found, try pulling it first'}}, ErrorKind.UNKNOWN_MODEL),
        (404, {"error": {"code": 404, "message": "No endpoints found for typo/m."}}, ErrorKind.UNKNOWN_MODEL),
        (410, {"error": "The requested model is deprecated and no longer supported"}, ErrorKind.UNKNOWN_MODEL),
        (400, {"error": {"message": "Invalid model output: no JSON"}}, ErrorKind.BAD_REQUEST),
        (400, {"error": {"message": "This is not a valid model_json_schema"}}, ErrorKind.BAD_REQUEST),
    ],
)
async def test_an_address_that_is_not_there_is_no_unknown_model(status: int, body: object, kind: ErrorKind) -> None:
    assert (await _error("house", script(fault="status", status=status, body=body))).kind is kind


async def test_who_says_when_to_come_back_has_something_left_to_spend() -> None:
    message = "20 requests a minute. Accounts with a credit balance of 10 dollars may send more."
    body = {"error": {"code": 429, "message": message}}
    play = script(fault="status", status=429, body=body, headers={"retry-after": "3"})

    assert (await _error("openrouter", play)).kind is ErrorKind.RATE_LIMIT


@pytest.mark.parametrize("provider", _WIRES)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, ErrorKind.ADDRESS),
        (401, ErrorKind.AUTH),
        (403, ErrorKind.CONNECTION),
        (404, ErrorKind.ADDRESS),
        (451, ErrorKind.CONNECTION),
        (503, ErrorKind.OVERLOADED),
    ],
)
async def test_a_web_page_comes_from_somebody_else_is_told_by_its_title_and_costs_nothing(
    provider: str, status: int, kind: ErrorKind
) -> None:
    page = "<!DOCTYPE html><html><head><title>Sign in &amp; go on</title></head><body>data</body></html>"
    transcript = Transcript()

    error = await _error(provider, script(fault="status", status=status, body=page), transcript)

    assert (error.kind, error.message) == (kind, f"HTTP {status} with a web page ('Sign in & go on')")
    assert transcript.usage == Usage()


async def test_where_an_address_has_moved_is_told() -> None:
    moved = script(fault="status", status=301, headers={"location": "https://elsewhere.example/v1"}, body="")

    error = await _error("openai", moved)

    assert (error.kind, error.message) == (ErrorKind.ADDRESS, "HTTP 301, moved to https://elsewhere.example/v1")


@pytest.mark.parametrize(
    ("provider", "body", "kind", "words"),
    [
        ("openrouter", {"error": {"code": 402, "message": "Insufficient credits"}}, ErrorKind.QUOTA, "Insufficient"),
        ("openai", {"error": {"code": "429", "message": "Slow down."}}, ErrorKind.RATE_LIMIT, "Slow down."),
        ("anthropic", _OVERLOADED_IN_STREAM["anthropic"], ErrorKind.OVERLOADED, "Overloaded"),
        ("gemini", _OVERLOADED_IN_STREAM["gemini"], ErrorKind.OVERLOADED, "Busy."),
    ],
)
async def test_an_error_under_a_status_of_success_is_that_error_and_costs_nothing(
    provider: str, body: object, kind: ErrorKind, words: str
) -> None:
    transcript = Transcript()

    error = await _error(provider, script(fault="status", status=200, body=body), transcript)

    assert error.kind is kind
    assert words in error.message
    assert transcript.usage == Usage()


@pytest.mark.parametrize("provider", _WIRES)
async def test_an_answer_in_one_piece_is_no_stream_and_counts_as_paid(provider: str) -> None:
    transcript = Transcript()
    answer = {"id": "1", "choices": [{"message": {"content": "Ready."}, "finish_reason": "stop"}]}

    error = await _error(provider, script(fault="status", status=200, body=answer), transcript)

    assert error.kind is ErrorKind.PROTOCOL
    assert error.message == "not a stream of events; HTTP 200 with application/json"
    assert transcript.used(REQUEST).estimated


async def test_an_account_that_may_not_yet_use_a_model_is_no_bad_request() -> None:
    message = "Your organization must be verified to stream this model."
    play = script(fault="status", status=400, code="unsupported_value", message=message)

    assert (await _error("openai", play)).kind is ErrorKind.AUTH


@pytest.mark.parametrize("key", ["secret-kéy", "secret-key\nx"])
@pytest.mark.parametrize("provider", _WIRES)
async def test_a_key_that_cannot_be_sent_is_not_told_to_anybody(
    provider: str, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with line_to(provider) as line:
        object.__setattr__(line.model.deployment, "key", key)
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.kind is ErrorKind.CONNECTION
    assert "secret" not in "".join(traceback.format_exception(caught.value)) + "".join(capsys.readouterr())


async def test_a_key_that_the_server_repeats_is_not_told_to_anybody() -> None:
    play = script(fault="status", status=401, message="There is no key-of-openai.")

    assert (await _error("openai", play)).message == "There is no [key]."


async def test_a_word_that_only_stands_for_a_key_is_no_secret() -> None:
    async with line_to("local", script(fault="status", message="It is none."), local_llm_api_key="none") as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.message == "It is none."


async def test_an_address_that_is_none_is_a_connection_error() -> None:
    async with line_to("openai") as line:
        object.__setattr__(line.model.deployment, "base_url", "http://127.0.0.1:99999/v1")
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert caught.value.kind is ErrorKind.CONNECTION


@pytest.mark.parametrize("provider", _WIRES)
async def test_nobody_at_the_address_is_a_connection_error(provider: str) -> None:
    async with line_to(provider) as line:
        await line.server.stop()
        with pytest.raises(ProviderError) as caught:
            await line.ask()
        await line.server.start()

    assert caught.value.kind is ErrorKind.CONNECTION


@pytest.mark.parametrize("provider", _WIRES)
@pytest.mark.parametrize(
    ("behaviour", "limits", "words"),
    [
        ({"fault": "hang"}, TimeLimits(0.2, 60, 60), "no first word within 0.2 s"),
        ({"fault": "hang", "after_tokens": 1}, TimeLimits(60, 0.2, 60), "nothing more for 0.2 s"),
        ({"fault": "pings", "text": "One word."}, TimeLimits(60, 0.3, 60), "nothing more for 0.3 s"),
        ({"text": "on and on " * 50, "tokens_per_second": 20}, TimeLimits(60, 60, 0.4), "no end within 0.4 s"),
    ],
    ids=["first-word", "idle", "signs-of-life-without-words", "call"],
)
async def test_a_model_that_is_silent_or_endless_is_given_up_in_time(
    provider: str, behaviour: dict[str, object], limits: TimeLimits, words: str
) -> None:
    async with line_to(provider, script(**behaviour), limits=limits) as line:
        with pytest.raises(ProviderError) as caught:
            await line.ask()

    assert (caught.value.kind, caught.value.message) == (ErrorKind.TIMEOUT, words)


@pytest.mark.parametrize("provider", [*_WIRES, "openrouter"])
async def test_a_model_that_thinks_aloud_is_not_silent(provider: str) -> None:
    play = Script(default=Behaviour(thought_tokens=40, thought_seconds=2.0, text="Ready."))
    async with line_to(provider, play, limits=TimeLimits(1.5, 60, 60)) as line:
        answer = await line.ask()

    assert (answer.text, answer.usage.reasoning) == ("Ready.", 40)


@pytest.mark.parametrize("provider", _WIRES)
@pytest.mark.parametrize(
    ("fault", "words"), [("length", "all of its tokens went into thinking"), ("empty", "the model has only thought")]
)
async def test_an_answer_that_is_all_thought_says_so(provider: str, fault: str, words: str) -> None:
    error = await _error(provider, script(thought_tokens=40, fault=fault, text=""))

    assert (error.kind, error.message) == (ErrorKind.NO_ROOM, f"the answer is empty; {words}")


@pytest.mark.parametrize("provider", _WIRES)
async def test_an_answer_without_end_is_broken_off_and_counted_as_far_as_it_came(provider: str) -> None:
    transcript = Transcript()

    error = await _error(provider, script(fault="endless", text="on and on " * 20), transcript)

    used = transcript.used(REQUEST)
    assert (error.kind, error.message) == (ErrorKind.PROTOCOL, "the answer goes on and on, far beyond its limit")
    assert 3_500 < len(transcript.text) <= 40 * REQUEST.max_output_tokens
    assert (used.estimated, used.output >= len(transcript.text) // 4) == (True, True)


_THINKING = {
    "openai": [{"choices": [{"delta": {"reasoning_content": "hmm " * 2_000}}]}],
    "anthropic": [{"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hmm " * 2_000}}],
    "gemini": [{"candidates": [{"content": {"parts": [{"text": "hmm " * 2_000, "thought": True}]}}]}],
}
_ENDING_ODDLY = {
    "openai": [{"choices": [{"delta": {"content": "One moment."}, "finish_reason": "tool_calls"}]}],
    "anthropic": [
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "One moment."}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_calls"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ],
    "gemini": [{"candidates": [{"content": {"parts": [{"text": "One moment."}]}, "finishReason": "tool_calls"}]}],
}


@pytest.mark.parametrize("provider", _WIRES)
@pytest.mark.parametrize(
    ("events", "words"),
    [
        (_THINKING, "the answer goes on and on, far beyond its limit"),
        (_ENDING_ODDLY, "the model broke off: tool_calls"),
    ],
    ids=["endless-thought", "odd-reason"],
)
async def test_what_is_wrong_with_an_end_is_named(provider: str, events: dict[str, list[object]], words: str) -> None:
    error = await _error(provider, script(stream="".join(map(frame, events[provider]))))

    assert (error.kind, error.message) == (ErrorKind.PROTOCOL, words)


_WITH_NULLS = {
    "openai": [
        {"choices": None, "usage": None, "error": None, "x_groq": None},
        {"choices": [{"delta": None, "finish_reason": None}]},
        {"choices": [{"delta": {"content": "Ready.", "refusal": None, "reasoning": None}}]},
        {"choices": [{"delta": {"content": None}, "finish_reason": "stop"}]},
        {
            "choices": None,
            "usage": {"prompt_tokens": 7, "completion_tokens": None, "prompt_tokens_details": {"cached_tokens": None}},
        },
    ],
    "anthropic": [
        {"type": "message_start", "message": {"usage": None}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": None}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Ready."}, "usage": None},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"input_tokens": 7, "output_tokens": None, "output_tokens_details": None},
        },
        {"type": "message_stop", "message": None},
    ],
    "gemini": [
        {"candidates": None, "promptFeedback": None, "usageMetadata": None, "responseId": None},
        {"candidates": [{"content": None, "finishReason": None}]},
        {"candidates": [{"content": {"parts": [{"text": "Ready.", "thought": None}]}}]},
        {
            "candidates": [{"content": {"parts": None}, "finishReason": "STOP", "finishMessage": None}],
            "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": None},
        },
    ],
}


@pytest.mark.parametrize("provider", _WIRES)
async def test_null_is_the_same_as_nothing(provider: str) -> None:
    end = "data: [DONE]\n\n" if provider == "openai" else ""
    stream = "".join(map(frame, _WITH_NULLS[provider])) + end
    async with line_to(provider, script(stream=stream)) as line:
        answer = await line.ask()

    assert (answer.text, answer.usage) == ("Ready.", Usage(input=7))


_REASON = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("provider", "error", "kind"),
    [
        ("openai", {"message": "Slow.", "type": None, "code": 1.5, "param": ["x"]}, ErrorKind.RATE_LIMIT),
        ("openai", {"message": "Slow.", "type": 7, "code": "insufficient_quota"}, ErrorKind.QUOTA),
        ("anthropic", {"message": "Slow.", "type": ["rate_limit_error"]}, ErrorKind.RATE_LIMIT),
        ("gemini", {"message": "Slow.", "status": None, "details": None}, ErrorKind.RATE_LIMIT),
        ("gemini", {"message": "Slow.", "code": "429", "details": "none"}, ErrorKind.RATE_LIMIT),
        ("gemini", {"message": "Slow.", "details": [{**_REASON, "violations": "x"}]}, ErrorKind.AUTH),
        ("gemini", {"message": "Slow.", "details": ["odd", {"retryDelay": 7}, _REASON]}, ErrorKind.AUTH),
    ],
)
async def test_what_cannot_be_read_of_an_error_hides_nothing_else(
    provider: str, error: dict[str, object], kind: ErrorKind
) -> None:
    found = await _error(provider, script(fault="status", status=429, body={"error": error}))

    assert (found.kind, found.message) == (kind, "Slow.")


async def test_counts_in_the_middle_of_a_stream_are_taken_for_an_estimate() -> None:
    transcript = Transcript()
    said = {"choices": [{"delta": {"content": "So far"}}], "usage": {"prompt_tokens": 7, "completion_tokens": 1}}
    await _error(
        "openai", script(stream=frame(said) + frame({"choices": [{"delta": {"content": ", so good"}}]})), transcript
    )

    assert transcript.used(REQUEST) == Usage(input=7, output=4, estimated=True)
