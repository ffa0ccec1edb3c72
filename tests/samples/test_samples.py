"""The sample data is complete, varied, plainly fictional, and independent of the rest of the product."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jobwise import samples
from jobwise.samples import SamplePosting, SampleProfile

POSTINGS = samples.postings()
PROFILES = samples.profiles()
each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.key)
each_posting = pytest.mark.parametrize("posting", POSTINGS, ids=lambda posting: posting.key)

DATE = re.compile(r"[12]\d{3}(-(0[1-9]|1[0-2])(-\d{2})?)?")
SECTIONS = {
    "basics", "work", "volunteer", "education", "awards", "certificates", "publications",
    "skills", "languages", "interests", "references", "projects", "meta",
}  # fmt: skip


def highlights(profile: SampleProfile) -> list[str]:
    return [line for job in profile.resume["work"] for line in job["highlights"]]


def values(node: Any, key: str) -> Iterator[Any]:
    """All values under `key`, however deep."""
    if isinstance(node, dict):
        yield from ([node[key]] if key in node else [])
        for child in node.values():
            yield from values(child, key)
    elif isinstance(node, list):
        for child in node:
            yield from values(child, key)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def test_there_are_at_least_130_postings_over_14_fields_with_several_each() -> None:
    by_field = Counter(posting.field for posting in POSTINGS)

    assert len(POSTINGS) >= 130
    assert len(by_field) >= 14
    assert min(by_field.values()) >= 5


def test_at_least_six_postings_are_german_and_their_text_says_so() -> None:
    german = [posting for posting in POSTINGS if posting.language == "de"]

    assert len(german) >= 6
    assert all({"und", "für"} & set(words(posting.text)) for posting in german)
    assert {posting.language for posting in POSTINGS} == {"en", "de"}


def test_every_posting_has_its_own_key_and_company() -> None:
    assert len({posting.key for posting in POSTINGS}) == len(POSTINGS)
    assert len({posting.company for posting in POSTINGS}) == len(POSTINGS)


@each_posting
def test_a_posting_is_long_enough_to_analyse_and_says_where_and_when(posting: SamplePosting) -> None:
    assert 120 <= len(posting.text.split()) <= 480
    assert posting.title
    assert posting.location
    assert posting.employment in {"full-time", "part-time", "contract", "temporary", "internship"}
    assert posting.workplace in {"on-site", "hybrid", "remote"}
    assert date(2026, 1, 1) <= posting.posted <= date(2026, 12, 31)


@each_posting
def test_a_posting_has_no_header_left_in_its_text_and_no_real_contact_data(posting: SamplePosting) -> None:
    assert not posting.text.startswith("---")
    assert "company:" not in posting.text
    assert "@" not in posting.text
    assert "http" not in posting.text


def test_salaries_are_ranges_in_a_known_period() -> None:
    salaries = [posting.salary for posting in POSTINGS if posting.salary]

    assert len(salaries) >= 80
    assert all(0 < salary.minimum <= salary.maximum for salary in salaries)
    assert {salary.period for salary in salaries} <= {"year", "month", "day", "hour"}
    assert all(re.fullmatch("[A-Z]{3}", salary.currency) for salary in salaries)


def test_no_two_postings_share_eight_words_in_a_row() -> None:
    seen: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for posting in POSTINGS:
        text = words(posting.text)
        for start in range(len(text) - 7):
            seen[tuple(text[start : start + 8])].add(posting.key)

    shared = {" ".join(run): sorted(keys) for run, keys in seen.items() if len(keys) > 1}

    assert shared == {}


def test_postings_differ_in_the_marks_they_make_lists_with() -> None:
    marks = Counter(
        mark for posting in POSTINGS for mark in set(re.findall(r"^([-*•·–]|\d+\.)(?=\s)", posting.text, re.MULTILINE))
    )

    assert {"-", "*", "•", "1."} <= set(marks)
    assert any(not re.search(r"^\s*[-*•·–>+]", posting.text, re.MULTILINE) for posting in POSTINGS)


def test_there_are_six_profiles_from_junior_to_lead_most_of_them_not_in_software() -> None:
    assert len(PROFILES) == 6
    assert {"JUNIOR", "MID", "SENIOR", "LEAD"} <= {profile.seniority for profile in PROFILES}
    assert sum(profile.field not in {"software", "data"} for profile in PROFILES) >= 3
    assert {profile.language for profile in PROFILES} == {"en", "de"}


def test_one_profile_is_too_long_for_two_pages_and_one_is_a_beginners() -> None:
    sizes = {profile.key: (len(profile.resume["work"]), len(highlights(profile))) for profile in PROFILES}

    assert any(jobs >= 6 and lines >= 35 for jobs, lines in sizes.values())
    assert any(jobs <= 2 and lines <= 8 for jobs, lines in sizes.values())


@each_profile
def test_a_profile_has_the_parts_that_a_resume_needs(profile: SampleProfile) -> None:
    resume = profile.resume

    assert set(resume) <= SECTIONS
    assert resume["basics"]["name"]
    assert len(resume["basics"]["summary"].split()) >= 25
    assert all(job["name"] and job["position"] and job["highlights"] for job in resume["work"])
    assert all(each["institution"] and each["studyType"] for each in resume["education"])
    assert sum(len(group["keywords"]) for group in resume["skills"]) >= 12
    assert len(resume["languages"]) >= 2
    assert resume["certificates"]


@each_profile
def test_most_highlights_of_a_profile_have_a_number_and_none_is_written_twice(profile: SampleProfile) -> None:
    lines = highlights(profile)
    number = r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|third|zwei|drei|fünf|acht)\b"

    assert sum(bool(re.search(number, line, re.IGNORECASE)) for line in lines) >= 0.75 * len(lines)
    assert len(set(lines)) == len(lines)


@each_profile
def test_dates_of_a_profile_are_partial_iso_dates_in_order(profile: SampleProfile) -> None:
    written = [
        *values(profile.resume, "startDate"),
        *values(profile.resume, "endDate"),
        *values(profile.resume, "date"),
    ]
    entries = [entry for part in profile.resume.values() if isinstance(part, list) for entry in part]

    assert all(DATE.fullmatch(each) for each in written)
    assert all(entry["startDate"] <= entry["endDate"] for entry in entries if "endDate" in entry)
    assert "endDate" not in profile.resume["work"][0] or profile.seniority == "JUNIOR"


@each_profile
def test_contact_data_of_a_profile_is_plainly_fictional(profile: SampleProfile) -> None:
    basics = profile.resume["basics"]
    hosts = [urlsplit(url).hostname or "" for url in values(profile.resume, "url")]

    assert re.search(r"@example\.(com|org)$", basics["email"])
    assert all(host.endswith(("example.com", "example.org")) for host in hosts)
    # Number ranges that telephone authorities keep for fiction: US, UK, Ireland, Berlin.
    assert re.search(r"555-01\d\d$|496 0\d{3}$|^\+353 20 91|^030 23125 ", basics["phone"])


def test_the_german_profile_is_german_throughout() -> None:
    german = samples.profile("bauleiterin")
    texts = [german.resume["basics"]["summary"], *highlights(german)]

    assert not any({"the", "and", "with", "of"} & set(words(text)) for text in texts)


def test_the_default_posting_fits_the_default_profile_well_but_not_in_everything() -> None:
    keywords = {word for group in samples.default_profile().resume["skills"] for word in group["keywords"]}
    posting = samples.default_posting().text

    assert sum(keyword in posting for keyword in keywords) >= 10
    assert "GraphQL" in posting
    assert not {"GraphQL", "Rust"} & keywords


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        samples.posting("no-such-posting")


def test_samples_import_nothing_else_of_the_product() -> None:
    tree = ast.parse(Path(samples.__file__).read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]

    assert not [name for name in imported if name.startswith(("jobwise", "schema", "workers", "."))]
