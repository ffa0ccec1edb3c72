"""What the scripted provider answers: valid and useful changes, made of the ids and words that the prompt offers."""

import json
import re
from collections.abc import Sequence
from typing import Any

_DATA = re.compile(r"<data>\s*(\{.*?\})\s*</data>", re.DOTALL)
_MOST_FOUND = 5
_NOTHING: dict[str, Any] = {"text": "", "evidence": []}


def answer(messages: Sequence[dict[str, Any]], schema_name: str) -> str:
    """The text of the answer to a prompt: JSON where the request names a schema."""
    data, *told = _data_of("\n".join(str(message.get("content") or "") for message in messages)) or [{}]
    findings = told[0] if told else {}
    makers = {"resume_changes": _resume, "letter_paragraphs": _letter, "posting_requirements": _posting}
    if schema_name == "letter_repairs":
        return json.dumps(_repaired_letter(data, findings), ensure_ascii=False)
    if schema_name in makers:
        return json.dumps(makers[schema_name](data), ensure_ascii=False)
    return "{}" if schema_name else "Ready."


def _data_of(prompt: str) -> list[dict[str, Any]]:
    """What stands between the tags: the material, and in a second question what was wrong with the answer."""
    return [json.loads(found) for found in _DATA.findall(prompt)]


def _resume(data: dict[str, Any]) -> dict[str, Any]:
    facts = {fact["id"]: fact for fact in data.get("facts", [])}
    summaries = [id_ for id_, fact in facts.items() if fact["kind"] == "SUMMARY"]
    summary = data.get("draft", {}).get("summary") or (facts[summaries[0]]["text"] if summaries else "")
    highlights = [fact for fact in facts.values() if fact.get("may_reword")]
    evidence = [*summaries, *[id_ for id_, fact in facts.items() if fact["kind"] == "HIGHLIGHT"][:3]]
    parts = {
        "headline": _NOTHING,
        "summary": {"text": summary, "evidence": evidence},
        "highlights": [{"id": fact["id"], "text": _reworded(fact["text"])} for fact in highlights],
        "orders": [],
    }
    return {part: parts[part] for part in data.get("parts", parts)}


def _letter(data: dict[str, Any]) -> dict[str, Any]:
    draft = data.get("draft", {}).get("paragraphs", [])
    return {"paragraphs": [{"text": paragraph["text"], "evidence": paragraph["evidence"]} for paragraph in draft]}


def _repaired_letter(data: dict[str, Any], findings: dict[str, Any]) -> dict[str, Any]:
    """For each refused paragraph the first fact that it cites, in plain words."""
    highlights = [fact for fact in data.get("facts", []) if fact["kind"] == "HIGHLIGHT"]
    numbers = [int(place.removeprefix("paragraph ")) for place in findings.get("give", [])]
    return {
        "paragraphs": [
            {"number": number, "text": _reworded(fact["text"]), "evidence": [fact["id"]]}
            for number, fact in zip(numbers, highlights, strict=False)
        ]
    }


def _posting(data: dict[str, Any]) -> dict[str, Any]:
    """Lines of the posting that nobody has quoted yet."""
    found = "\n".join(data.get("found", []))
    lines = [line.strip(" -*•\t") for line in str(data.get("posting", "")).splitlines()]
    missed = [line for line in lines if 20 <= len(line) <= 200 and line not in found][:_MOST_FOUND]
    return {
        "requirements": [{"quote": line, "kind": "RESPONSIBILITY", "importance": "SHOULD"} for line in missed],
    }


def _reworded(text: str) -> str:
    """Another wording that claims nothing else."""
    return text[:-1] if text.endswith(".") else f"{text}."


def tokens_of(text: str) -> list[str]:
    """The text in pieces of four characters, which is what this provider calls tokens."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]
