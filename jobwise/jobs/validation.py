"""The rules for what a posting may say: each mistake with the path of its field in camelCase, all of them at once."""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from jobwise.errors import FieldError, ValidationFailed
from jobwise.jobs.capture import MAX_TEXT, MIN_WORDS, count_words
from jobwise.jobs.job_fields import employment_types
from jobwise.jobs.plain_text import tidy
from jobwise.jobs.salaries import Salary
from jobwise.profiles.web import web_address

_LINE = 300
_URL = 2000
_NOTES = 10_000
# PostgreSQL's search column holds every word twice and takes 1 MB at most.
_BYTES = 400_000


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that were given, tidied. Raises ValidationFailed."""
    errors: list[FieldError] = []
    columns: dict[str, Any] = {}
    for name, value in given.items():
        match name:
            case "title" | "company" | "location":
                columns[name] = _line(errors, name, value)
            case "description":
                columns[name] = _description(errors, value or "")
            case "url":
                columns[name] = _url(errors, value or "")
            case "salary":
                columns[name] = _salary(errors, value)
            case "employment_types":
                columns[name] = list(employment_types([clean(item) for item in value or ()]))
            case _:
                columns[name] = value
    if errors:
        raise ValidationFailed(errors)
    return columns


def check_dates(posted_on: date | None, valid_through: date | None) -> None:
    """Raises ValidationFailed for a posting that closed before it was published."""
    if posted_on and valid_through and valid_through < posted_on:
        raise ValidationFailed([FieldError("validThrough", "It closes before it was published.")])


def checked_notes(notes: str) -> str:
    """Notes about a saved posting. Raises ValidationFailed."""
    text = tidy(clean(notes))
    if len(text) > _NOTES:
        raise ValidationFailed([FieldError("notes", f"At most {_NOTES} characters fit here; this has {len(text)}.")])
    return text


def clean(text: str) -> str:
    """`text` without what PostgreSQL cannot store."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def one_line(text: str) -> str:
    """`text`, storable, with single spaces."""
    return " ".join(tidy(clean(text)).split())


def _line(errors: list[FieldError], name: str, value: str | None) -> str:
    text = one_line(value or "")
    if not text and name == "title":
        errors.append(FieldError(name, "Name the position."))
    if len(text) > _LINE:
        errors.append(FieldError(name, f"At most {_LINE} characters fit here; this has {len(text)}."))
    return text


def _description(errors: list[FieldError], value: str) -> str:
    if len(value) > MAX_TEXT or len(value.encode("utf-8", "ignore")) > _BYTES:
        errors.append(FieldError("description", f"At most {MAX_TEXT} characters fit here; this has {len(value)}."))
        return ""
    text = tidy(clean(value))
    words = count_words(text)
    if words < MIN_WORDS:
        message = f"Give the whole description: at least {MIN_WORDS} words; this has {words}."
        errors.append(FieldError("description", message))
    return text


def _url(errors: list[FieldError], value: str) -> str:
    text = clean(value).strip()
    address = web_address(text)
    if text and not address:
        errors.append(FieldError("url", "A web address begins with https:// or http://."))
    if len(address) > _URL:
        errors.append(FieldError("url", f"At most {_URL} characters fit here; this has {len(address)}."))
    return address


def _salary(errors: list[FieldError], salary: Salary | None) -> dict[str, Any] | None:
    if salary is None or (salary.min is None and salary.max is None):
        return None
    for name, amount in (("min", salary.min), ("max", salary.max)):
        if amount is not None and not (math.isfinite(amount) and amount >= 0):
            errors.append(FieldError(f"salary.{name}", "A salary is a number from 0 on."))
    if salary.min is not None and salary.max is not None and salary.min > salary.max:
        errors.append(FieldError("salary.max", "The upper end is below the lower end."))
    currency = salary.currency.strip().upper()
    if not re.fullmatch("(?:[A-Z]{3})?", currency):
        errors.append(FieldError("salary.currency", "A currency is given by its code of three letters, such as EUR."))
    return salary.model_copy(update={"currency": currency}).model_dump(mode="json")
