"""What the scripted provider answers: valid and useful changes, made of the ids and words that the prompt offers."""

import json
import re
from collections.abc import Sequence
from typing import Any

_DATA = re.compile(r"<data>\s*(\{.*\})\s*</data>", re.DOTALL)
_MOST_HIGHLIGHTS = 8


def answer(messages: Sequence[dict[str, Any]], schema_name: str) -> str:
    """The text of the answer to a prompt: JSON where the request names a schema."""
    data = _data_of("\n".join(str(message.get("content") or "") for message in messages))
    makers = {"resume_changes": _resume, "letter_paragraphs": _letter}
    if schema_name in makers:
        return json.dumps(makers[schema_name](data), ensure_ascii=False)
    return "{}" if schema_name else "Ready."


def _data_of(prompt: str) -> dict[str, Any]:
    found = _DATA.search(prompt)
    data: dict[str, Any] = json.loads(found[1]) if found else {}
    return data


def _resume(data: dict[str, Any]) -> dict[str, Any]:
    facts = {fact["id"]: fact for fact in data.get("facts", [])}
    summaries = [id_ for id_, fact in facts.items() if fact["kind"] == "SUMMARY"]
    summary = data.get("draft", {}).get("summary") or (facts[summaries[0]]["text"] if summaries else "")
    highlights = [fact for fact in facts.values() if fact.get("may_reword")][:_MOST_HIGHLIGHTS]
    return {
        "headline": {"text": "", "evidence": []},
        "summary": {"text": summary, "evidence": [*summaries, *(fact["id"] for fact in highlights[:3])]},
        "highlights": [{"id": fact["id"], "text": _reworded(fact["text"]), "requirements": []} for fact in highlights],
        "orders": [],
    }


def _letter(data: dict[str, Any]) -> dict[str, Any]:
    draft = data.get("draft", {}).get("paragraphs", [])
    return {
        "paragraphs": [
            {"text": paragraph["text"], "evidence": paragraph["evidence"], "requirements": []} for paragraph in draft
        ]
    }


def _reworded(text: str) -> str:
    """Another wording that claims nothing else."""
    return text[:-1] if text.endswith(".") else f"{text}."


def tokens_of(text: str) -> list[str]:
    """The text in pieces of four characters, which is what this provider calls tokens."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]
