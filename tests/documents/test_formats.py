"""Text and JSON exports, and the small pieces that all formats share."""

import json
import subprocess
import sys

import pytest

from jobwise.documents import glyphs
from jobwise.documents.content import ContactLine, PaperSize, Span
from jobwise.documents.formats import FORMATS
from jobwise.documents.markup import contact_rows, safe_href, shown_url, whole_words
from jobwise.documents.render import RenderedFile, RenderRequest
from jobwise.documents.templates.labels import labels, languages
from jobwise.profiles.dates import PartialDate
from tests.documents.factories import CONTACT, CREATED, letter, resume


def made(format: str, content: object) -> RenderedFile:
    return FORMATS[format].render(RenderRequest.model_validate({"content": content, "created": CREATED}))


def test_plain_text_has_every_part_in_the_order_of_the_pdf() -> None:
    text = made("text", resume()).data.decode()

    assert text.startswith("Ines Brandt\nines.brandt@example.com\n+49 30 5550 1234\nBerlin, Germany\n")
    assert "\n\nSUMMARY\nPlatform engineer with nine years" in text
    assert (
        "EXPERIENCE\nSenior Platform Engineer\nSpreelicht Energie, Berlin\nSep 2022 – Present\n- Cut the monthly"
    ) in text
    assert "\n\nSKILLS\nLanguages: Python, Go, SQL\nKafka, PostgreSQL\n\nCERTIFICATIONS\n" in text
    assert text.endswith("LANGUAGES\nGerman, Native\nEnglish, Fluent\n")


def test_a_letter_as_text_reads_like_a_letter() -> None:
    text = made("text", letter("First.", "Second.")).data.decode()

    assert text.endswith(
        "Hiring team\nHavelwerk Energie GmbH\nPotsdam\n\n21 November 2026\n\nApplication: Platform Engineer\n\n"
        "Dear hiring team,\n\nFirst.\n\nSecond.\n\nKind regards,\nInes Brandt\n"
    )


def test_json_resume_has_the_fields_of_the_schema() -> None:
    data = json.loads(made("json", resume()).data)

    assert data["basics"]["email"] == "ines.brandt@example.com"
    assert data["basics"]["url"] == "https://ines-brandt.example.com"
    assert data["basics"]["profiles"] == [{"url": "https://linkedin.example.com/in/ines-brandt"}]
    assert data["work"][0]["position"] == "Senior Platform Engineer"
    assert data["work"][0]["startDate"] == "2022-09"
    assert "endDate" not in data["work"][0]
    assert data["work"][1]["endDate"] == "2022-08"
    assert data["education"][0]["institution"] == "Technische Universität Berlin"
    assert data["skills"] == [
        {"name": "Languages", "keywords": ["Python", "Go", "SQL"]},
        {"name": "Kafka", "keywords": ["Kafka", "PostgreSQL"]},
    ]
    assert data["certificates"] == [{"name": "Certified Kubernetes Administrator", "issuer": "CNCF", "date": "2023-05"}]
    assert data["languages"][0] == {"language": "German", "fluency": "Native"}


def test_a_letter_as_json_has_its_paragraphs_and_no_internal_ids() -> None:
    data = json.loads(made("json", letter("First.", "Second.")).data)

    assert data["paragraphs"] == ["First.", "Second."]
    assert "fact_ids" not in str(data)


def test_text_and_json_need_no_layout_engine() -> None:
    code = """
import sys
from tests.documents.factories import CREATED, resume
from jobwise.documents.formats import FORMATS
from jobwise.documents.render import RenderRequest
for key in ("text", "json"):
    FORMATS[key].render(RenderRequest(content=resume(), created=CREATED))
print("weasyprint" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://example.org", "https://example.org"),
        (" HTTP://Example.org ", "HTTP://Example.org"),
        ("mailto:a@b.org", "mailto:a@b.org"),
        ("tel:+49301234", "tel:+49301234"),
        ("example.org/me", "https://example.org/me"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)//a.b", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("//evil.example/x", ""),
        ("http://[broken", ""),
        ("just words", ""),
        ("", ""),
    ],
)
def test_only_web_mail_and_telephone_links_are_links(url: str, href: str) -> None:
    assert safe_href(url) == href


def test_web_addresses_are_shown_without_ceremony() -> None:
    assert shown_url("https://www.example.org/me/") == "example.org/me"


def test_words_with_a_hyphen_stay_whole_and_text_stays_escaped() -> None:
    assert whole_words("a part-time <b>") == 'a <span class="whole">part-time</span> &lt;b&gt;'
    assert whole_words("x-" * 40) == "x-" * 40


def test_contact_details_stand_on_one_row_or_links_go_below() -> None:
    assert contact_rows(()) == []
    assert contact_rows(CONTACT[:3]) == [CONTACT[:3]]
    assert contact_rows(CONTACT) == [CONTACT[:3], CONTACT[3:]]
    many = tuple(ContactLine(kind="link", text=f"example.org/{n}" + "x" * 40) for n in range(3))
    assert contact_rows(many) == [(many[0],), (many[1],), (many[2],)] or all(
        sum(len(line.text) + 3 for line in row) <= 120 for row in contact_rows(many)
    )


@pytest.mark.parametrize("language", languages())
def test_every_language_is_complete(language: str) -> None:
    words = labels(language)

    assert len(words.months) == len(words.long_months) == 12
    assert len(set(words.months)) == 12
    assert set(words.headings) == {
        "SUMMARY", "EXPERIENCE", "PROJECTS", "EDUCATION", "SKILLS", "CERTIFICATIONS", "LANGUAGES", "VOLUNTEERING",
        "AWARDS", "PUBLICATIONS",
    }  # fmt: skip
    assert len(set(words.headings.values())) == 10
    assert all(words.headings.values())


@pytest.mark.parametrize(
    ("language", "paper", "date", "written"),
    [
        ("en", PaperSize.A4, "2026-11-21", "21 November 2026"),
        ("en", PaperSize.LETTER, "2026-11-21", "November 21, 2026"),
        ("de", PaperSize.A4, "2026-03-01", "1. März 2026"),
        ("fr", PaperSize.A4, "2026-08-01", "1er août 2026"),
        ("es", PaperSize.LETTER, "2026-11-21", "21 de noviembre de 2026"),
        ("pt", PaperSize.A4, "2026-11", "novembro de 2026"),
        ("ja", PaperSize.A4, "2026-11-21", "2026年11月21日"),
        ("nl", PaperSize.A4, "2026", "2026"),
        ("tlh", PaperSize.A4, "2026-11-02", "2 November 2026"),
    ],
)
def test_the_date_of_a_letter_is_written_as_its_readers_write_it(
    language: str, paper: PaperSize, date: str, written: str
) -> None:
    assert labels(language).long(PartialDate(date), paper) == written


@pytest.mark.parametrize(
    ("start", "end", "current", "shown"),
    [
        ("2020-01", "2021-02", False, "Jan 2020 – Feb 2021"),
        ("2020-01", None, True, "Jan 2020 – Present"),
        ("2020-01", None, False, "Jan 2020"),
        (None, "2021", False, "2021"),
        ("2021", "2021", False, "2021"),
        (None, None, False, ""),
    ],
)
def test_a_span_shows_what_is_known_and_nothing_else(
    start: str | None, end: str | None, current: bool, shown: str
) -> None:
    span = Span(start=PartialDate(start) if start else None, end=PartialDate(end) if end else None, current=current)

    assert labels("en").span(span) == shown


def test_unseen_marks_and_line_ends_become_nothing_or_one_space() -> None:
    setting = glyphs.typesetting(["x"], "en", "Source Sans 3")

    assert setting.clean("  Led\u200b a\u00ad  team\r\nof\tfive\x00 \ufeff") == "Led a team of five"
    assert setting.clean("Zoe\u0308") == "Zoë"
    assert setting.warnings == ()


def test_ids_dates_and_links_are_never_cleaned() -> None:
    content = resume(contact=(ContactLine(kind="link", text="a🐱b", href="https://x.org/🐱"),))

    cleaned = glyphs.cleaned(content, glyphs.typesetting(glyphs.texts_of(content), "en", "Open Sans"))

    assert (cleaned.contact[0].text, cleaned.contact[0].href) == ("ab", "https://x.org/🐱")
    assert cleaned.sections == content.sections
