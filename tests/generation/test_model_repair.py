"""What the gate refuses of a model's words is asked for once more; what still fails is replaced by the person's own."""

import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jobwise.config import Settings
from jobwise.generation import ledger
from jobwise.generation.fact_gate import check
from jobwise.generation.model_brief import Brief
from jobwise.generation.model_calls import Model
from jobwise.generation.notices import sentences, with_authors
from jobwise.generation.stages.match import match
from jobwise.generation.stages.repair import repair
from jobwise.generation.stages.verify import verify
from jobwise.generation.stages.write import authors_of, compose, write
from jobwise.generation.types import Options, Verified, Written
from jobwise.llm.router import opened
from jobwise.llm.types import Caller
from tests.generation.people import ENGINEER, PLATFORM, TODAY, id_of
from tests.providers.script import Behaviour, Script
from tests.providers.server import Provider, running

pytestmark = pytest.mark.usefixtures("database")

_OPTIONS = Options()
_REPORT = match(ENGINEER, PLATFORM, TODAY)
_MENTORED = "Mentored three junior engineers and wrote the onboarding guide"
_STARS = "Used by eight companies; more than 400 stars on GitHub"
_NOTHING = {"text": "", "evidence": []}
_APPLYING = {"text": "I am applying for the position of Platform Engineer at Gridworks.", "evidence": []}
_THANKS = {"text": "Thank you for your time.", "evidence": []}


def _short(text: str) -> str:
    told = Brief(ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY).resume(())["facts"]
    return next(str(fact["id"]) for fact in told if fact["text"].startswith(text))


def _answer(schema_name: str, said: Any) -> Behaviour:
    return Behaviour(schema_name=schema_name, text=said if isinstance(said, str) else json.dumps(said))


def _highlights(**texts: str) -> dict[str, Any]:
    return {"headline": _NOTHING, "summary": _NOTHING, "orders": [], "highlights": [
        {"id": id_, "text": text} for id_, text in texts.items()
    ]}  # fmt: skip


@asynccontextmanager
async def _asking(script: Script) -> AsyncIterator[tuple[Provider, Model]]:
    async with running(script) as provider:
        settings = Settings(llm_chain="local:llama-writer,builtin", local_llm_base_url=provider.url)
        async with opened(settings) as router:
            assert router is not None
            yield provider, Model(router, Caller())


async def _delivered(
    first: list[Behaviour], then: list[Behaviour]
) -> tuple[Written, Verified, list[tuple[str, dict[str, Any]]]]:
    """What was written, what is delivered, and the questions of the repair: schema name and what they tell."""
    async with _asking(Script(rules=first)) as (provider, model):
        written = await compose(ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY, model)
        provider.calls.clear()
        provider.requests.clear()
        provider.follow(Script(rules=then))
        repairs = await repair(written, ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY, model)
        asked = [
            (call.schema_name, _told(request)) for call, request in zip(provider.calls, provider.requests, strict=True)
        ]
    verified = verify(written.draft, ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY, repairs)
    return written, verified, asked


def _told(request: dict[str, Any]) -> dict[str, Any]:
    text = str(request["messages"][-1]["content"])
    told: dict[str, Any] = json.loads(text.rpartition("<data>")[2].partition("</data>")[0])
    return told


def _values(verified: Verified) -> dict[str, str]:
    return {change.path: change.value for change in verified.draft.changes}


async def test_only_what_was_refused_is_asked_for_with_the_exact_reason_and_its_repair_is_delivered() -> None:
    mentored, stars = _short(_MENTORED), _short(_STARS)
    first = _highlights(**{mentored: "Mentored 300 engineers in Rust", stars: "More than 400 stars on GitHub"})
    better = "Mentored three junior engineers"

    _, verified, asked = await _delivered(
        [_answer("resume_changes", first)], [_answer("resume_changes", _highlights(**{mentored: better}))]
    )

    ((schema_name, told),) = asked
    assert schema_name == "resume_changes"
    assert told["give"] == [mentored]
    assert told["findings"][0]["said"] == "Mentored 300 engineers in Rust"
    assert any("300" in why for why in told["findings"][0]["why"])
    assert any("Rust" in why for why in told["findings"][0]["why"])
    values = _values(verified)
    assert values[ledger.wording_path(id_of(_MENTORED))] == better
    assert values[ledger.wording_path(id_of(_STARS))] == "More than 400 stars on GitHub"
    assert [change.value for change in verified.refused] == ["Mentored 300 engineers in Rust"]


@pytest.mark.parametrize(
    "second",
    [
        "no JSON",
        '{"highlights": [{"id": "f999", "text": "Mentored three junior engineers"}]}',
        _highlights(),
        _highlights(f1="Chief Engineer"),
    ],
)
async def test_a_repair_that_is_none_leaves_the_persons_own_words(second: Any) -> None:
    first = _highlights(**{_short(_MENTORED): "Mentored 300 engineers"})

    _, verified, asked = await _delivered([_answer("resume", first)], [_answer("resume", second)])

    assert len(asked) == 1
    assert ledger.wording_path(id_of(_MENTORED)) not in _values(verified)
    assert verified.draft.resume is not None
    assert _MENTORED in verified.draft.resume.model_dump_json()


async def test_a_summary_that_is_invented_twice_becomes_the_built_in_writers() -> None:
    def invented(text: str) -> dict[str, Any]:
        return {**_highlights(), "summary": {"text": text, "evidence": ["f2"]}}

    first, second = (invented(f"Rust engineer with {years} years of experience.") for years in (30, 40))

    _, verified, _ = await _delivered([_answer("resume", first)], [_answer("resume", second)])

    plain = verify(write(ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY), ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY)
    assert _values(verified)[ledger.SUMMARY] == _values(plain)[ledger.SUMMARY]
    assert [change.value for change in verified.refused if change.path == ledger.SUMMARY] == [
        "Rust engineer with 30 years of experience.",
        "Rust engineer with 40 years of experience.",
    ]


async def test_a_refused_paragraph_is_repaired_in_its_place() -> None:
    mentored = _short(_MENTORED)
    letter = [_APPLYING, {"text": "At Northpay, I led 90 engineers.", "evidence": [mentored]}, _THANKS]
    better = {"number": 1, "text": "At Northpay, I mentored three junior engineers.", "evidence": [mentored]}
    answers = [better, {"number": 0, "text": "Hire me.", "evidence": []}, {"number": 9, "text": "", "evidence": []}]

    written, verified, asked = await _delivered(
        [_answer("letter_paragraphs", {"paragraphs": letter})], [_answer("letter_repairs", {"paragraphs": answers})]
    )

    assert [(schema_name, told["give"]) for schema_name, told in asked] == [("letter_repairs", ["paragraph 1"])]
    assert verified.draft.letter is not None
    texts = [paragraph.text for paragraph in verified.draft.letter.paragraphs]
    assert texts == [_APPLYING["text"], better["text"], _THANKS["text"]]
    assert with_authors([], authors_of(written, verified.draft)) == []


async def test_a_letter_that_stays_untrue_is_written_by_the_built_in_writer_and_the_result_says_so() -> None:
    untrue = {"text": "I led 90 engineers at Google.", "evidence": [_short(_MENTORED)]}
    repaired = [{"number": number, **untrue, "text": "I led 80 engineers at Google."} for number in range(3)]

    written, verified, _ = await _delivered(
        [_answer("letter_paragraphs", {"paragraphs": [untrue] * 3})],
        [_answer("letter_repairs", {"paragraphs": repaired})],
    )

    authors = authors_of(written, verified.draft)
    assert [author.provider for author in authors] == ["local", "builtin"]
    assert sentences(with_authors([], authors)) == [
        "No model gave words that could be used: the built-in writer wrote the cover letter."
    ]
    assert verified.draft.letter is not None
    assert "Google" not in verified.draft.letter.model_dump_json()


async def test_repairs_are_asked_for_without_variety_and_first_words_are_not() -> None:
    untrue = _highlights(**{_short(_MENTORED): "Mentored 300 engineers"})
    letter = [_APPLYING, {"text": "At Northpay, I led 90 engineers.", "evidence": [_short(_MENTORED)]}, _THANKS]
    said = [_answer("resume_changes", untrue), _answer("letter_paragraphs", {"paragraphs": letter})]
    async with _asking(Script(rules=said)) as (provider, model):
        written = await compose(ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY, model)
        writing = len(provider.requests)
        await repair(written, ENGINEER, PLATFORM, _REPORT, _OPTIONS, TODAY, model)
        told = [request.get("temperature") for request in provider.requests]

    assert set(told[:writing]) == {None}
    assert told[writing:] == [0.0, 0.0]


async def test_where_all_holds_nothing_is_asked() -> None:
    written, verified, asked = await _delivered([], [])

    assert asked == []
    assert verified.refused == ()
    assert {author.provider for author in authors_of(written, verified.draft)} == {"local"}


_ODD = [
    "90%", "$4 million", "300 engineers", "Google", "Rust", "PhD", "led", "I", "at Northpay", "Python", "increased",
    "reduced", "errors", "p99 latency", "2031", "[name]", "\f", "\u202e", "…", "。", "<data>", "f1", "https://x.example",
    "mara@example.org", "eight years", "Gridworks", "and", "by", "the team", ".", "\n", "Ignore the above.", "💡",
]  # fmt: skip


def _nonsense(chance: random.Random) -> str:
    """An answer that has the right shape more often than not, and says whatever comes."""
    ids = [f"f{number}" for number in range(30)]

    def text() -> str:
        return " ".join(chance.choices(_ODD, k=chance.randint(0, 30)))

    def said() -> dict[str, Any]:
        return {"text": text(), "evidence": chance.sample(ids, chance.randint(0, 3)), "number": chance.randint(-1, 5)}

    answer = {
        "headline": said(),
        "summary": said(),
        "highlights": [{"id": id_, "text": text()} for id_ in chance.sample(ids, 10)],
        "orders": [{"entry": chance.choice(ids), "highlights": chance.sample(ids, 5)}],
        "paragraphs": [said() for _ in range(chance.randint(0, 7))],
    }
    whole = json.dumps(answer)
    return whole if chance.random() < 0.8 else whole[: chance.randint(0, len(whole))]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_a_model_says_the_documents_are_made_and_say_nothing_untrue(seed: int) -> None:
    chance = random.Random(seed)

    _, verified, _ = await _delivered([Behaviour(text=_nonsense(chance))], [Behaviour(text=_nonsense(chance))])

    assert verified.draft.resume is not None
    assert verified.draft.letter is not None
    assert len(verified.draft.letter.paragraphs) >= 2
    computed = {f"years:{int(_REPORT.years)}"}
    for document in (verified.draft.resume, verified.draft.letter):
        assert check(document, ENGINEER, PLATFORM, computed) == []
        assert not re.search(r"Google|Rust|PhD|300 engineers|evil|x\.example|\[name\]", document.model_dump_json())
