"""The rules for what a profile may say: each mistake with the path of its field, all of them at once.

Paths are the field names of `jobwise.profiles.content` in camelCase: `contact.postalCode`, `highlights.2.text`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from jobwise.errors import FieldError, ValidationFailed
from jobwise.profiles import limits
from jobwise.profiles.content import (
    Certification,
    Contact,
    Education,
    Experience,
    Highlight,
    Honor,
    Language,
    Link,
    Part,
    ProfileContent,
    Project,
    Skill,
)
from jobwise.profiles.dates import PartialDate
from jobwise.profiles.inputs import HighlightInput, HonorInput, Input
from jobwise.profiles.text import tidy
from jobwise.profiles.web import is_email, web_address

PartType = TypeVar("PartType", bound=Part)

_TINY = frozenset({"score", "level", "fluency", "phone", "postal_code", "network"})
_LONG = frozenset({"summary", "description"})
_DATES = frozenset({"start", "end", "date", "expires"})
_LISTS = {"skills": limits.KEYWORDS, "keywords": limits.KEYWORDS, "courses": limits.KEYWORDS}
_PERIODS = (("start", "end", "It ends before it starts."), ("date", "expires", "It expires before it was given."))
_NEEDED = {
    Experience: ("employer", "Name the employer or organization."),
    Education: ("institution", "Name the school or university."),
    Project: ("name", "Name the project."),
    Skill: ("name", "Name the skill."),
    Certification: ("name", "Name the certificate."),
    Language: ("name", "Name the language."),
    Honor: ("title", "Name the award or publication."),
}


class _Checks:
    """Mistakes found so far. `path` is the prefix of the fields being checked."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def fail(self, path: str, message: str) -> None:
        """Note a mistake."""
        self.errors.append(FieldError(path, message))

    def done(self) -> None:
        """Raises ValidationFailed if there were mistakes."""
        if self.errors:
            raise ValidationFailed(self.errors)

    def text(self, path: str, value: object, limit: int, *, lines: bool = False) -> str:
        """One text, tidied."""
        text = tidy(str(value or ""), lines=lines)
        if len(text) > limit:
            self.fail(path, f"At most {limit} characters fit here; this has {len(text)}.")
        return text

    def texts(self, path: str, values: Sequence[str], most: int) -> tuple[str, ...]:
        """Short texts without empty ones and repetitions."""
        self.count(path, values, most)
        found = [self.text(f"{path}.{n}", value, limits.SHORT) for n, value in enumerate(values[:most])]
        return tuple(dict.fromkeys(filter(None, found)))

    def count(self, path: str, values: Sequence[object], most: int) -> None:
        """Not too many."""
        if len(values) > most:
            self.fail(path, f"At most {most} entries fit here; these are {len(values)}.")

    def date(self, path: str, value: str | None) -> PartialDate | None:
        """A partial date, or none."""
        if not (value or "").strip():
            return None
        try:
            return PartialDate(str(value))
        except ValueError as error:
            self.fail(path, f"{error}.")
            return None

    def url(self, path: str, value: str) -> str:
        """A web address, or none."""
        text = self.text(path, value, limits.URL)
        address = web_address(text)
        if text and not address:
            self.fail(path, "A web address begins with https:// or http://.")
        return address

    def highlights(
        self, path: str, given: Iterable[Highlight | HighlightInput], old: Iterable[Highlight]
    ) -> tuple[Highlight, ...]:
        """Highlights; who keeps the id or the words of an old one keeps its identity, which evidence refers to."""
        lines = list(given)
        self.count(path, lines, limits.HIGHLIGHTS)
        known = {line.id for line in old}
        by_text = {line.text: line.id for line in old}
        kept: dict[Any, Highlight] = {}
        for n, line in enumerate(lines[: limits.HIGHLIGHTS]):
            text = self.text(f"{path}.{n}.text", line.text, limits.HIGHLIGHT)
            key = line.id if line.id in known else by_text.get(text)
            key = key if key and key not in kept else uuid4()
            if text:
                kept[key] = Highlight(id=key, text=text)
        return tuple(kept.values())

    def field(self, path: str, name: str, value: Any, old: Part | None, limit: int = limits.SHORT) -> Any:
        """Any field, by its name: names mean the same in all parts."""
        if name in _DATES:
            return self.date(path, value)
        if name in _LISTS:
            return self.texts(path, value or (), _LISTS[name])
        if name == "highlights":
            return self.highlights(path, value or (), getattr(old, "highlights", ()))
        if name == "url":
            return self.url(path, value or "")
        if name in _LONG:
            return self.text(path, value, limits.SUMMARY, lines=True)
        return self.text(path, value, limits.TINY if name in _TINY else limit)


def checked_part(kind: type[PartType], given: Mapping[str, Any], old: PartType | None = None) -> PartType:
    """A new part, or `old` with what was given. Raises ValidationFailed."""
    checks = _Checks()
    part = _part(checks, "", kind, given, old)
    checks.done()
    return part


def checked_profile(given: Mapping[str, Any], old: ProfileContent) -> ProfileContent:
    """`old` with what was given: its own fields, contact, honors and interests. Raises ValidationFailed."""
    checks = _Checks()
    values = {name: value for name, value in given.items() if value is not None or name != "language"}
    makers: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: checks.text("name", value, limits.NAME),
        "headline": lambda value: checks.text("headline", value, limits.HEADLINE),
        "summary": lambda value: checks.text("summary", value, limits.SUMMARY, lines=True),
        "language": lambda value: _language(checks, value),
        "contact": lambda value: _contact(checks, value, old.contact),
        "honors": lambda value: _honors(checks, value or (), old.honors),
        "interests": lambda value: checks.texts("interests", value or (), limits.INTERESTS),
    }
    new = old.model_copy(update={name: makers[name](value) for name, value in values.items()})
    if not new.name:
        checks.fail("name", "A profile needs the person's name.")
    checks.done()
    return new


def _part(
    checks: _Checks, prefix: str, kind: type[PartType], given: Mapping[str, Any], old: PartType | None
) -> PartType:
    values: dict[str, Any] = {name: getattr(old, name) for name in kind.model_fields} if old else {}
    limit = limits.TINY if kind is Language else limits.SHORT
    for name, value in given.items():
        if name == "kind" and value is not None:
            values[name] = value
        elif name not in ("kind", "id"):
            values[name] = checks.field(prefix + _camel(name), name, value, old, limit)
    needed, why = _NEEDED[kind]
    if not values.get(needed):
        checks.fail(prefix + needed, why)
        values[needed] = ""
    for first, last, message in _PERIODS:
        if is_backwards(values.get(first), values.get(last)):
            checks.fail(prefix + last, message)
    return kind(**values)


def is_backwards(first: PartialDate | None, last: PartialDate | None) -> bool:
    """Whether a period certainly ends before it starts; 2020 and 2020-05 may be in either order."""
    if not first or not last:
        return False
    known = min(len(first), len(last))
    return last[:known] < first[:known]


def _contact(checks: _Checks, value: Input | None, old: Contact) -> Contact:
    given = value.given() if value else dict.fromkeys(Contact.model_fields)
    values = {
        name: checks.field(f"contact.{_camel(name)}", name, inner, None)
        for name, inner in given.items()
        if name not in ("links", "email", "country_code")
    }
    if "email" in given:
        values["email"] = _email(checks, given["email"])
    if "country_code" in given:
        values["country_code"] = _country(checks, given["country_code"])
    if "links" in given:
        values["links"] = _links(checks, given["links"] or ())
    return old.model_copy(update=values)


def _email(checks: _Checks, value: str | None) -> str:
    text = checks.text("contact.email", value, limits.EMAIL)
    if text and not is_email(text):
        checks.fail("contact.email", "This is not an e-mail address such as name@example.com.")
    return text


def _country(checks: _Checks, value: str | None) -> str:
    text = tidy(value or "").upper()
    if text and not re.fullmatch("[A-Z]{2}", text):
        checks.fail("contact.countryCode", "A country is given by its code of two letters, such as DE.")
    return text


def _links(checks: _Checks, given: Sequence[Input]) -> tuple[Link, ...]:
    checks.count("contact.links", given, limits.LINKS)
    links = []
    for n, link in enumerate(given[: limits.LINKS]):
        path = f"contact.links.{n}"
        values = {name: checks.field(f"{path}.{name}", name, value, None) for name, value in link.given().items()}
        if not (values.get("url") or values.get("username")):
            checks.fail(path, "A link needs its url or username.")
        links.append(Link(**values))
    return tuple(links)


def _honors(checks: _Checks, given: Sequence[HonorInput], old: Sequence[Honor]) -> tuple[Honor, ...]:
    checks.count("honors", given, limits.HONORS)
    known = {honor.id: honor for honor in old}
    return tuple(
        _part(checks, f"honors.{n}.", Honor, {"kind": honor.kind, **honor.given()}, known.get(honor.id or uuid4()))
        for n, honor in enumerate(given[: limits.HONORS])
    )


def _language(checks: _Checks, value: str) -> str:
    match = re.fullmatch("([A-Za-z]{2})(?:[-_].*)?", value.strip())
    if not match:
        checks.fail("language", "A language is given by its code of two letters, such as en.")
        return "en"
    return match[1].lower()


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(map(str.capitalize, tail))
