import json

from hypothesis import given
from hypothesis import strategies as st

from jobwise.llm.json_prose import ProseReader
from jobwise.llm.sse import EventReader

_TEXTS = st.lists(st.text(min_size=1, max_size=30), max_size=4)


def _cut(text: str, sizes: list[int]) -> list[str]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(text[start : start + size])
        start += size
    return [*pieces, text[start:]]


@given(_TEXTS, st.booleans(), st.lists(st.integers(1, 9), max_size=40))
def test_prose_is_read_out_of_json_however_it_is_cut(texts: list[str], ascii_only: bool, sizes: list[int]) -> None:
    answer = json.dumps(
        {"items": [{"id": 'f"1', "text": text, "evidence": ["text", "f2"]} for text in texts], "note": "text"},
        ensure_ascii=ascii_only,
    )
    reader = ProseReader("text")

    said = "".join(reader.feed(piece) for piece in _cut(answer, sizes))

    assert said == "\n\n".join(texts)


def test_an_empty_text_leaves_no_gap() -> None:
    reader = ProseReader("text")

    assert reader.feed('{"a": {"text": ""}, "b": {"text": "One."}, "c": {"text": "Two."}}') == "One.\n\nTwo."


@given(st.text(alphabet=st.characters(exclude_characters='"'), max_size=200))
def test_what_is_no_json_has_no_prose_and_raises_nothing(text: str) -> None:
    assert ProseReader("text").feed(text) == ""


@given(st.lists(st.integers(1, 7), max_size=40))
def test_events_are_read_however_their_bytes_are_cut(sizes: list[int]) -> None:
    stream = ": a comment\r\ndata: one\r\n\r\nevent: x\ndata:two\ndata: more é\n\nid: 7\n\ndata: [DONE]\n\ndata: rest"
    reader, start, found = EventReader(), 0, []
    raw = stream.encode()
    for size in [*sizes, len(raw)]:
        found += reader.feed(raw[start : start + size])
        start += size

    assert found == ["one", "two\nmore é", "[DONE]"]
