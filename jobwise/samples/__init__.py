"""Sample people and postings: what `make run` tailors, what `jobwise seed` loads, what tests and `jobwise eval` read.

All of it is invented for this project. Profiles are JSON Resume files; postings are text files with a small header.
This package knows no other feature, so that anything may use it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

DEFAULT_PROFILE = "backend-engineer"
DEFAULT_POSTING = "platform-backend-engineer-grid"


@dataclass(frozen=True)
class Salary:
    """What a posting offers, in whole units of `currency` (ISO 4217) per `period` (year, month, day or hour)."""

    minimum: int
    maximum: int
    currency: str
    period: str


@dataclass(frozen=True)
class SamplePosting:
    """A job posting. `text` is the advertisement itself, without the header that the other attributes come from.

    `language` is an ISO 639-1 code; `employment` is such as full-time, part-time, contract, temporary or internship;
    `workplace` is on-site, hybrid or remote.
    """

    key: str
    title: str
    company: str
    location: str
    field: str
    language: str
    text: str
    employment: str
    workplace: str
    posted: date
    salary: Salary | None = None


@dataclass(frozen=True)
class SampleProfile:
    """A person's career as a JSON Resume document. `language` is an ISO 639-1 code; `seniority` is such as JUNIOR."""

    key: str
    field: str
    seniority: str
    language: str
    resume: dict[str, Any]


@cache
def postings() -> list[SamplePosting]:
    """All sample postings, ordered by field and key."""
    folders = sorted(_children("postings"), key=lambda folder: folder.name)
    return [_posting(folder.name, file) for folder in folders if folder.is_dir() for file in _sorted_files(folder)]


@cache
def profiles() -> list[SampleProfile]:
    """All sample profiles, ordered by key."""
    return [_profile(file) for file in _sorted_files(files(__name__) / "profiles")]


def posting(key: str) -> SamplePosting:
    """The posting with this key. Raises KeyError if there is none."""
    return {each.key: each for each in postings()}[key]


def profile(key: str) -> SampleProfile:
    """The profile with this key. Raises KeyError if there is none."""
    return {each.key: each for each in profiles()}[key]


def default_posting() -> SamplePosting:
    """The posting that `make run` tailors to: it fits the default profile well, but not in everything."""
    return posting(DEFAULT_POSTING)


def default_profile() -> SampleProfile:
    """The profile that `make run` tailors."""
    return profile(DEFAULT_PROFILE)


def _children(folder: str) -> Iterator[Traversable]:
    return (files(__name__) / folder).iterdir()


def _sorted_files(folder: Traversable) -> list[Traversable]:
    kept = (".json", ".md", ".txt")
    return sorted((file for file in folder.iterdir() if file.name.endswith(kept)), key=lambda file: file.name)


def _posting(field: str, file: Traversable) -> SamplePosting:
    _, head, text = file.read_text(encoding="utf-8").split("---\n", 2)
    header = dict(_header_lines(head))
    return SamplePosting(
        key=file.name.rpartition(".")[0],
        title=header["title"],
        company=header["company"],
        location=header["location"],
        field=field,
        language=header.get("language", "en"),
        text=text.strip(),
        employment=header["employment"],
        workplace=header["workplace"],
        posted=date.fromisoformat(header["posted"]),
        salary=_salary(header["salary"]) if "salary" in header else None,
    )


def _header_lines(head: str) -> Iterator[tuple[str, str]]:
    for line in head.splitlines():
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()


def _salary(written: str) -> Salary:
    """Read `EUR 52000-60000 / year`; a single figure is both ends."""
    amount, _, period = written.partition(" / ")
    currency, _, span = amount.partition(" ")
    minimum, _, maximum = span.partition("-")
    return Salary(int(minimum), int(maximum or minimum), currency, period)


def _profile(file: Traversable) -> SampleProfile:
    resume: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    # JSON Resume keeps `meta` for the tools; the sample's own labels live there to keep the file a valid JSON Resume.
    labels = resume["meta"]["sample"]
    return SampleProfile(
        key=file.name.removesuffix(".json"),
        field=labels["field"],
        seniority=labels["seniority"],
        language=labels["language"],
        resume=resume,
    )
