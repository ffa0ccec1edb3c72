import json
import time
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from jobwise.errors import ErrorCode
from jobwise.jobs.capture import (
    CapturedPosting,
    PostingUnreadable,
    capture_file,
    capture_html,
    capture_json,
    capture_text,
    template,
)
from jobwise.jobs.job_fields import Workplace
from jobwise.jobs.salaries import PayInterval, Salary

BODY = (
    "<p>We look after the tide gauges of nine harbours and need somebody who enjoys wind and rain.</p>"
    "<h2>Requirements</h2><ul><li>Three years of <b>Python</b></li><li><p>A driving&nbsp;licence</p></li></ul>"
    "<p>Two of us share an office above the fish market, and the tea is good.</p>"
)
CLEAN = (
    "We look after the tide gauges of nine harbours and need somebody who enjoys wind and rain.\n\n"
    "Requirements\n\n- Three years of Python\n- A driving licence\n\n"
    "Two of us share an office above the fish market, and the tea is good."
)
POSTING: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "title": "Tide Gauge Engineer",
    "description": BODY,
    "hiringOrganization": {"@type": "Organization", "name": "Heronsgate Harbours"},
    "jobLocation": {"@type": "Place", "address": {"addressLocality": "Porto", "addressCountry": {"name": "Portugal"}}},
    "datePosted": "2026-11-01",
    "validThrough": "2126-12-31T23:59",
    "employmentType": "FULL_TIME",
    "url": "https://jobs.example.org/tide",
}


def page(*scripts: str, kind: str = "application/ld+json", body: str = "<h1>Jobs</h1>", head: str = "") -> str:
    tags = "".join(f'<script type="{kind}">{script}</script>' for script in scripts)
    return f"<!doctype html><html><head>{head}{tags}</head><body>{body}</body></html>"


def from_page(**changes: Any) -> CapturedPosting:
    return capture_html(page(json.dumps({**POSTING, **changes})))


def refused(text: str) -> str:
    with pytest.raises(PostingUnreadable) as error:
        capture_text(text)
    assert error.value.code is ErrorCode.POSTING_UNREADABLE
    return error.value.message


def test_a_page_with_a_job_posting_is_read_from_its_structured_data() -> None:
    posting = from_page()

    assert posting.title == "Tide Gauge Engineer"
    assert posting.company == "Heronsgate Harbours"
    assert posting.location == "Porto, Portugal"
    assert posting.description == CLEAN
    assert posting.posted == date(2026, 11, 1)
    assert posting.valid_through == date(2126, 12, 31)
    assert posting.employment_types == ("FULL_TIME",)
    assert (posting.url, posting.attribution) == ("https://jobs.example.org/tide", "jobs.example.org")
    assert posting.language == "en"
    assert posting.warnings == ()
    assert posting.missing == ("workplace",)
    assert posting.raw is not None
    assert posting.raw["title"] == "Tide Gauge Engineer"


@pytest.mark.parametrize(
    "script",
    [
        json.dumps({"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, POSTING]}),
        json.dumps([{"@type": "BreadcrumbList"}, POSTING]),
        json.dumps({**POSTING, "@type": ["Thing", "JobPosting"]}),
        json.dumps({**POSTING, "@type": "http://schema.org/JobPosting"}),
        json.dumps({"@type": "WebPage", "mainEntity": POSTING}),
        f"<!-- {json.dumps(POSTING)} -->",
        f"//<![CDATA[\n{json.dumps(POSTING)}\n//]]>",
        f"/*<![CDATA[*/ {json.dumps(POSTING)} /*]]>*/",
        json.dumps(POSTING)[:-1] + ", }",
        json.dumps(POSTING).replace('"title"', '"tags": ["a", "b",], "title"'),
        json.dumps(POSTING).replace("We look", "We \t look").replace("<h2>", "\n<h2>"),
        json.dumps(POSTING) + ";",
    ],
    ids=[
        "graph", "list", "type list", "type address", "nested", "comment", "cdata", "cdata in comments",
        "trailing comma", "trailing comma in a list", "raw control characters", "semicolon",
    ],
)  # fmt: skip
def test_structured_data_is_read_in_all_its_wrappings(script: str) -> None:
    posting = capture_html(page("{broken", script))

    assert (posting.title, posting.company) == ("Tide Gauge Engineer", "Heronsgate Harbours")
    assert posting.description == CLEAN


def test_a_script_type_with_a_charset_is_structured_data_too() -> None:
    assert capture_html(page(json.dumps(POSTING), kind="application/ld+json; charset=utf-8")).company != ""


def test_of_several_postings_the_one_with_the_pages_address_is_taken() -> None:
    other = {**POSTING, "title": "Diver", "url": "https://jobs.example.org/diver?from=mail"}
    html = page(json.dumps([POSTING, other]), head='<link rel="canonical" href="https://www.jobs.example.org/diver/">')

    posting = capture_html(html)

    assert posting.title == "Diver"
    assert posting.warnings == ()


def test_of_several_postings_the_first_is_taken_with_a_warning_where_no_address_helps() -> None:
    posting = capture_html(page(json.dumps([POSTING, {**POSTING, "title": "Diver"}])), url="https://example.org/")

    assert posting.title == "Tide Gauge Engineer"
    assert "2 postings" in posting.warnings[0]


@pytest.mark.parametrize("times", [1, 2])
def test_an_escaped_description_is_unescaped(times: int) -> None:
    description = BODY
    for _ in range(times):
        description = description.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert from_page(description=description).description == CLEAN


@pytest.mark.parametrize(
    ("changes", "company", "location"),
    [
        ({"hiringOrganization": "Heronsgate"}, "Heronsgate", "Porto, Portugal"),
        ({"jobLocation": "Porto"}, "Heronsgate Harbours", "Porto"),
        ({"jobLocation": {"address": "Rua 1, Porto"}}, "Heronsgate Harbours", "Rua 1, Porto"),
        ({"jobLocation": [{"address": {"addressLocality": "Porto", "addressRegion": "-", "addressCountry": "PT"}},
                          {"address": {"addressLocality": "Vigo"}}]}, "Heronsgate Harbours", "Porto, PT · Vigo"),
        ({"jobLocation": None, "applicantLocationRequirements": {"name": "Peru"}}, "Heronsgate Harbours", "Peru"),
    ],
)  # fmt: skip
def test_organisations_and_places_may_be_objects_or_bare_strings(
    changes: dict[str, Any], company: str, location: str
) -> None:
    posting = from_page(**changes)

    assert (posting.company, posting.location) == (company, location)


@pytest.mark.parametrize(
    ("salary", "expected"),
    [
        ({"currency": "EUR", "value": {"minValue": 50000, "maxValue": "62,000", "unitText": "YEAR"}},
         Salary(min=50_000, max=62_000, currency="EUR", interval=PayInterval.YEAR)),
        ({"currency": "USD", "value": {"value": "30.50", "unitText": "HOUR"}},
         Salary(min=30.5, max=30.5, currency="USD", interval=PayInterval.HOUR)),
        (50000, Salary(min=50_000, max=50_000, interval=PayInterval.YEAR)),
        ("50,000", Salary(min=50_000, max=50_000, interval=PayInterval.YEAR)),
        ("$50k", Salary(min=50_000, max=50_000, currency="USD", interval=PayInterval.YEAR)),
        ("£75-85k", Salary(min=75_000, max=85_000, currency="GBP", interval=PayInterval.YEAR)),
        ("72.000 bis 88.000 EUR im Jahr", Salary(min=72_000, max=88_000, currency="EUR", interval=PayInterval.YEAR)),
        ("$180,000 - $230,000 CAD", Salary(min=180_000, max=230_000, currency="CAD", interval=PayInterval.YEAR)),
        ({"currency": "EUR", "value": {"minValue": 0, "maxValue": 0}}, None),
        ("competitive", None),
    ],
)  # fmt: skip
def test_salaries_come_in_many_shapes(salary: Any, expected: Salary | None) -> None:
    assert from_page(baseSalary=salary).salary == expected


def test_a_salary_finds_its_currency_beside_it() -> None:
    salary = from_page(baseSalary={"value": 50000}, salaryCurrency="SEK").salary

    assert salary is not None
    assert salary.currency == "SEK"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("FULL_TIME,CONTRACTOR", ("FULL_TIME", "CONTRACTOR")),
        ("Full-time", ("FULL_TIME",)),
        (["PART_TIME", "Freelance"], ("PART_TIME", "CONTRACTOR")),
        ("Vollzeit oder Teilzeit", ("FULL_TIME", "PART_TIME")),
    ],
)
def test_employment_types_are_put_into_one_set_of_words(stated: Any, expected: tuple[str, ...]) -> None:
    assert from_page(employmentType=stated).employment_types == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2026-11-03T10:00:00+02:00", date(2026, 11, 3)),
        ("November 3, 2026", date(2026, 11, 3)),
        ("3.11.2026", date(2026, 11, 3)),
        (1793664000000, date(2026, 11, 3)),
        ("soon", None),
        ("2026-13-45", None),
    ],
)
def test_dates_are_read_or_left_out(stated: Any, expected: date | None) -> None:
    assert from_page(datePosted=stated).posted == expected


def test_a_closed_posting_is_captured_with_a_warning() -> None:
    assert "closed on 2020-01-31" in from_page(validThrough="2020-01-31").warnings[0]


def test_telecommuting_is_remote() -> None:
    assert from_page(jobLocationType="TELECOMMUTE").workplace is Workplace.REMOTE


def test_a_page_without_structured_data_gives_its_main_text() -> None:
    body = (
        "<nav><a href='/'>Home</a> Cookie settings</nav><header><h1>Tide Gauge Engineer</h1></header>"
        f"<div class='cookie-banner'>Accept all</div><main>{BODY}</main><script>var secret = 1</script>"
        "<style>p { color: red }</style><aside>Similar jobs</aside><footer>Imprint</footer>"
    )
    html = page("not json", body=body, head='<meta property="og:site_name" content="Heronsgate">')

    posting = capture_html(html, url="https://heronsgate.example/jobs/1")

    assert posting.title == "Tide Gauge Engineer"
    assert posting.company == "Heronsgate"
    assert posting.url == "https://heronsgate.example/jobs/1"
    assert CLEAN in posting.description
    assert not any(
        word in posting.description for word in ("secret", "color", "Cookie", "Accept", "Similar", "Imprint")
    )
    assert any("no structured data" in warning for warning in posting.warnings)
    assert any("site's name" in warning for warning in posting.warnings)


def test_a_teaser_in_the_structured_data_gives_way_to_the_pages_text() -> None:
    html = page(json.dumps({**POSTING, "description": "We look after ..."}), body=f"<main>{BODY * 2}</main>")

    assert "A driving licence" in capture_html(html).description


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<h1>Page not found</h1>", "error page"),
        ("<h1>Sign in to see this job</h1><form>Password</form>", "sign in"),
        ("<p>Please verify you are a human</p>", "human"),
        ("<p>We use cookies. Accept all cookies</p>", "cookie"),
        ("<p>This job is no longer available</p>", "no longer open"),
        ("<p>You need to enable JavaScript to run this app.</p>", "JavaScript"),
    ],
)
def test_a_page_that_is_something_else_is_refused_with_its_reason(body: str, reason: str) -> None:
    with pytest.raises(PostingUnreadable, match=reason) as error:
        capture_html(page(body=body))
    assert "copy its text" in error.value.message


@pytest.mark.parametrize("head", ["", "\ufeff", "<!-- saved -->"])
def test_a_page_of_xhtml_is_a_page(head: str) -> None:
    begin = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x">'
    words = "We bake bread and cakes every day with care. " * 8
    page = (
        f"{begin}<html><head><title>Senior Baker</title></head><body><h1>Senior Baker</h1><p>{words}</p></body></html>"
    )

    assert capture_text(head + page).title == "Senior Baker"


@pytest.mark.parametrize("rule", ["---\n\n", "==========\n", "* * *\n"])
def test_a_rule_at_the_top_is_no_title(rule: str) -> None:
    text = f"{rule}Senior Baker\n\nBakery Smith Ltd, London\n\n" + "We bake bread and cakes every day. " * 8

    assert capture_text(text).title == "Senior Baker"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no text here"),
        ("   \n\n ", "no text here"),
        ("Senior Python developer", "has 3 words"),
        ("word " * 60_000, "the limit is 200 kB"),
        ("{broken json", "has 2 words"),
        ('<?xml version="1.0"?>\n<rss><title>Nurse</title></rss>', "This is XML, such as a feed"),
    ],
)
def test_a_text_that_is_no_posting_is_refused_with_what_would_be_right(text: str, words: str) -> None:
    message = refused(text)

    assert words in message
    assert "aste" in message


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7 ...", "a PDF file"),
        (b"PK\x03\x04 word/document.xml", "Word document"),
        (b"\x89PNG\r\n", "an image"),
        (b"some\x00thing", "binary file"),
        ("Größe ".encode("latin-1") * 50, "characters could not be read"),
    ],
)
def test_a_file_that_is_not_text_is_refused_by_what_it_is(data: bytes, what: str) -> None:
    with pytest.raises(PostingUnreadable, match=what) as error:
        capture_file("posting.txt", data)
    assert "paste" in error.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_file_is_decoded_by_its_marks(encoding: str) -> None:
    text = "Küchenchefin (m/w/d)\n\nHamburg\n\n" + "Wir suchen für unsere Küche jemanden mit Ruhe und Übersicht. " * 4

    posting = capture_file("posting.txt", text.encode(encoding))

    assert posting.title == "Küchenchefin (m/w/d)"
    assert posting.language == "de"
    assert "Übersicht" in posting.description


def test_a_page_is_decoded_by_the_charset_that_it_declares() -> None:
    html = page(body=f"<h1>Küchenchefin</h1><main>{BODY}</main>", head='<meta charset="iso-8859-1">')

    assert capture_file("page", html.encode("latin-1")).title == "Küchenchefin"


def test_pasted_text_becomes_one_kind_of_bullet_and_space() -> None:
    text = (
        "Tide Gauge Engineer\r\nRemote - Portugal\r\n\r\n\r\n\r\n● Three years\u00a0of Python and\r\n   of Rust\r\n"
        "✅ A driving\u200b licence\r\n-Sea legs\r\n\r\nWe look after the tide gauges of nine harbours,"
        " and need somebody who enjoys wind, rain\x07 and a view."
    )

    posting = capture_text(text)

    assert posting.description == (
        "Tide Gauge Engineer\nRemote - Portugal\n\n- Three years of Python and of Rust\n- A driving licence\n"
        "- Sea legs\n\n"
        "We look after the tide gauges of nine harbours, and need somebody who enjoys wind, rain and a view."
    )
    assert (posting.title, posting.location, posting.workplace) == (
        "Tide Gauge Engineer",
        "Remote - Portugal",
        Workplace.REMOTE,
    )


def test_markdown_becomes_text_without_its_marks() -> None:
    text = (
        '---\ntitle: "Tide Gauge Engineer"\ncompany: Heronsgate\nlocation: Porto\nworkplace: hybrid\n# a comment\n'
        "employment: part-time\nsalary: EUR 2350-2600 / month\nposted: 2026-11-03\nlanguage: en\n"
        "key objectives:\n  - Keep the gauges dry\n  - title: Count the waves\n---\n\n"
        "<!-- fill in\nthe rest -->\n{% comment %} not this {% endcomment %}\n# What you **need**\n\n"
        "* [Python](https://python.example) and _patience_\n* ![logo](logo.png) snake_case_names stay\n\n"
        "| Tide | Hours |\n| --- | --- |\n| high | 6 |\n\n__Your days__\n\n"
        + "We measure the sea every day of the year. "
        * 3
    )

    posting = capture_text(text)

    assert posting.description.startswith(
        "What you need\n\n- Python and patience\n- snake_case_names stay\n\nTide Hours\nhigh 6\n\n"
        "Your days\n\nWe measure"
    )
    assert posting.description.endswith("Key objectives\n\n- Keep the gauges dry\n- Count the waves")
    assert (posting.title, posting.company, posting.location) == ("Tide Gauge Engineer", "Heronsgate", "Porto")
    assert posting.workplace is Workplace.HYBRID
    assert posting.employment_types == ("PART_TIME",)
    assert posting.salary == Salary(min=2350, max=2600, currency="EUR", interval=PayInterval.MONTH)
    assert posting.posted == date(2026, 11, 3)


def test_a_pasted_page_source_or_json_is_recognised() -> None:
    assert capture_text(page(json.dumps(POSTING))).title == "Tide Gauge Engineer"
    assert capture_text(json.dumps(POSTING)).title == "Tide Gauge Engineer"


PLAIN = CLEAN.replace("- ", "")


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ({"title": "Tide Gauge Engineer", "company_name": "Heronsgate", "location": {"name": "Porto"}, "content":
          BODY.replace("<", "&lt;").replace(">", "&gt;"), "absolute_url": "https://b.example/1", "id": 4}, "https://b.example/1"),
        ({"text": "Tide Gauge Engineer", "company": "Heronsgate", "categories": {"location": "Porto", "commitment":
          "Full-time"}, "descriptionPlain": PLAIN, "hostedUrl": "https://l.example/1"}, "https://l.example/1"),
        ({"jobs": [{"title": "Tide Gauge Engineer", "organization": "Heronsgate", "location": "Porto", "employmentType":
          "FullTime", "descriptionHtml": BODY, "jobUrl": "https://a.example/1", "isRemote": False}]}, "https://a.example/1"),
        ([{"legal": "link back"}, {"position": "Tide Gauge Engineer", "company": "Heronsgate", "location": "Porto",
          "description": BODY, "epoch": "1793664000", "url": "https://r.example/1"}], "https://r.example/1"),
        ({"title": "Tide Gauge Engineer", "company": "Heronsgate", "type": "Full-time", "date": "2026-11",
          "description": PLAIN, "remote": "Hybrid", "location": {"city": "Porto", "postalCode": "4000"}, "meta":
          {"canonical": "https://j.example/1"}}, "https://j.example/1"),
    ],
    ids=["greenhouse", "lever", "ashby", "remoteok", "jsonresume"],
)  # fmt: skip
def test_the_shapes_of_job_boards_are_read_by_their_names(value: Any, url: str) -> None:
    posting = capture_json(value)

    assert (posting.title, posting.company, posting.location) == ("Tide Gauge Engineer", "Heronsgate", "Porto")
    assert posting.url == url
    assert "Three years of Python" in posting.description


def test_what_lever_puts_into_categories_is_found() -> None:
    posting = capture_json({"text": "Diver", "categories": {"commitment": "Part-time"}, "descriptionPlain": PLAIN})

    assert posting.employment_types == ("PART_TIME",)


def test_lists_with_fields_of_their_own_become_sections() -> None:
    posting = capture_json(
        {
            "title": "Diver",
            "description": "We look after the tide gauges of nine harbours and need somebody who enjoys rain. " * 2,
            "qualifications": ["Three years of Python", "A driving licence"],
            "skills": [{"name": "Web", "keywords": ["HTML", "CSS"]}],
            "lists": [{"text": "Your days", "content": "<li>Dive</li><li>Write</li>"}],
        }
    )

    assert posting.description.endswith(
        "Qualifications\n\n- Three years of Python\n- A driving licence\n\nSkills\n\n- Web: HTML, CSS\n\n"
        "Your days\n\n- Dive\n- Write"
    )


def test_the_filled_in_template_can_be_captured() -> None:
    filled = template()
    filled |= {"title": "Diver", "company": "Heronsgate", "location": "Porto", "workplace": "on-site"}
    filled |= {"salary": "EUR 30000-35000 / year", "validThrough": "2126-01-31", "description": PLAIN}
    filled["niceToHave"] = ["Sea legs"]

    posting = capture_json(filled)

    assert (posting.title, posting.workplace) == ("Diver", Workplace.ONSITE)
    assert posting.description.endswith("Nice to have\n\n- Sea legs")
    assert posting.missing == ()


def test_every_field_of_the_template_is_explained() -> None:
    fields = template()
    assert set(fields.pop("_help")) == set(fields)


@pytest.mark.parametrize("value", ["{", "[]", "{}", '{"name": "x"}', "[" * 5_000, '"text"', "null"])
def test_json_without_a_posting_is_refused(value: str) -> None:
    with pytest.raises(PostingUnreadable):
        capture_json(value)


@pytest.mark.parametrize(
    "piece", ["a ", "(", "<", "<div>", "<!--", "{% comment ", "\n", "[a](", "**a ", "_a", "|a", "&lt;a", '{"a":', "$9"]
)
def test_hostile_length_does_not_slow_it_down(piece: str) -> None:
    text = (piece * 200_000)[:200_000]
    started = time.process_time()
    for capture in (capture_text, capture_html, capture_json):
        # Read or refused: both are good answers.
        with suppress(PostingUnreadable):
            capture(text)

    # Generous: linear work takes a fraction of it, quadratic work takes minutes.
    assert time.process_time() - started < 15
