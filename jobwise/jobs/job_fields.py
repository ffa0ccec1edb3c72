"""From somebody's JSON object to a posting's fields: schema.org, JSON Resume, the job boards' own shapes, our template.

They differ in names more than in meaning, so one list of names per field serves all of them; only text sections, places
and dates need more thought.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from jobwise.jobs.json_ld import as_list, first, keyed
from jobwise.jobs.plain_text import rich_to_text, tidy
from jobwise.jobs.salaries import Salary, read_salary


class Workplace(StrEnum):
    """Where the work is done."""

    REMOTE = "REMOTE"
    HYBRID = "HYBRID"
    ONSITE = "ONSITE"


class JobFields(BaseModel):
    """What an object says about a position. Empty means that it does not say."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    company: str = ""
    location: str = ""
    workplace: Workplace | None = None
    employment_types: tuple[str, ...] = ()
    salary: Salary | None = None
    posted: date | None = None
    valid_through: date | None = None
    url: str = ""
    language: str = Field(default="", description="ISO 639-1.")
    description: str = ""


_COMPANY = ("hiringorganization", "company", "companyname", "organization", "organizationname", "employer")
_EMPLOYMENT_NAMES = (
    "employmenttype", "employmenttypes", "employment", "commitment", "jobtypes", "jobtype", "contracttime",
    "contracttype",
)  # fmt: skip
_POSTED = (
    "dateposted", "posted", "publishedat", "firstpublished", "publicationdate", "createdat", "created", "date", "epoch",
)  # fmt: skip
_CLOSES = ("validthrough", "closes", "closingdate", "applicationclosedate", "deadline", "expires", "expiresat")


def read_fields(value: dict[str, Any]) -> JobFields:
    """Read an object's fields by their usual names. Never fails: what cannot be read stays empty."""
    value = keyed(value)
    if isinstance(value.get("categories"), dict):
        value = keyed(value["categories"]) | value
    location = _location(value)
    employment = first(value, *_EMPLOYMENT_NAMES)
    return JobFields(
        title=_line(_title(value))[:300],
        company=_line(_name(first(value, *_COMPANY)))[:300],
        location=location[:300],
        workplace=_workplace(value, location),
        employment_types=employment_types(employment if employment is not None else _own_type(value)),
        salary=_salary(value),
        posted=read_date(first(value, *_POSTED)),
        valid_through=read_date(first(value, *_CLOSES)),
        url=_url(value),
        language=str(first(value, "language", "inlanguage") or "")[:2].lower(),
        description=_description(value),
    )


def _title(value: dict[str, Any]) -> Any:
    title = first(value, "title", "jobtitle", "position", "positiontitle", "name", "role")
    # Lever calls it `text`; there, the description has a name of its own.
    return title if title is not None else value.get("text") if _has_description(value) else None


def _has_description(value: dict[str, Any]) -> bool:
    return any(name in value for name in _DESCRIPTIONS if name != "text")


def _name(value: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = first(keyed(value), "name", "displayname", "legalname", "label")
    return value


def _line(value: Any) -> str:
    return " ".join(rich_to_text(str(value)).split()) if isinstance(value, str | int | float) else ""


def _own_type(value: dict[str, Any]) -> Any:
    """JSON Resume's `type` is the employment; elsewhere it is the kind of the object."""
    kind = value.get("type")
    return kind if isinstance(kind, str) and employment_types(kind)[:1] != (kind,) else None


_EMPLOYMENT = {
    "FULL_TIME": (
        "fulltime",
        "vollzeit",
        "permanent",
        "festanstellung",
        "cdi",
        "tempsplein",
        "jornadacompleta",
        "fulltimeremote",
        "regularfulltime",
    ),
    "PART_TIME": ("parttime", "teilzeit", "tempspartiel", "mediajornada"),
    "CONTRACTOR": ("contractor", "contract", "freelance", "contractual", "freelancer", "selfemployed"),
    "TEMPORARY": ("temporary", "temp", "befristet", "cdd", "fixedterm", "seasonal", "locum"),
    "INTERN": ("intern", "internship", "praktikum", "stage", "workingstudent", "werkstudent"),
    "VOLUNTEER": ("volunteer",),
    "PER_DIEM": ("perdiem",),
}


def employment_types(value: Any) -> tuple[str, ...]:
    """`Full-time`, `FULL_TIME,CONTRACTOR` or a list, in schema.org's words; what is not known stays as it is."""
    parts = [
        part.strip()
        for each in (value if isinstance(value, list) else [value])
        if isinstance(each, str)
        for part in re.split(r"[,;/|]| or | oder ", each)
    ]
    return tuple(dict.fromkeys(_employment(part) for part in parts if part))[:5]


def _employment(part: str) -> str:
    bare = re.sub(r"[^a-z]", "", part.lower())
    return next(
        (name for name, words in _EMPLOYMENT.items() if bare == re.sub("_", "", name).lower() or bare in words),
        part[:40],
    )


def _workplace(value: dict[str, Any], location: str) -> Workplace | None:
    if (
        str(value.get("joblocationtype", "")).upper().endswith("TELECOMMUTE")
        or value.get("isremote") is True
        or value.get("remote") is True
    ):
        return Workplace.REMOTE
    stated = first(value, "workplacetype", "workplace", "remote", "joblocationtype")
    return workplace_in(stated if isinstance(stated, str) else "") or workplace_in(location)


_WORKPLACES = (
    (Workplace.HYBRID, re.compile(r"hybrid", re.IGNORECASE)),
    (
        Workplace.REMOTE,
        re.compile(r"remote|télétravail|telecommute|anywhere|work from home|remoto|^full$", re.IGNORECASE),
    ),
    (Workplace.ONSITE, re.compile(r"on[- _]?site|in[- ]office|vor ort|sur site|präsenz|^none$", re.IGNORECASE)),
)


def workplace_in(text: str) -> Workplace | None:
    """The workplace that a few words name; hybrid before remote before on-site."""
    return next((workplace for workplace, pattern in _WORKPLACES if pattern.search(text)), None)


def _location(value: dict[str, Any]) -> str:
    places = first(value, "joblocation", "location", "locations", "alllocations", "positionlocation", "jobgeo", "city")
    named = [_place(place) for place in (places if isinstance(places, list) else [places])]
    if not any(named):
        named = [_place(place) for place in as_list(value.get("applicantlocationrequirements"))]
    return " · ".join(dict.fromkeys(name for name in named if name))


def _place(place: Any) -> str:
    if isinstance(place, str):
        return "" if place.strip() in {"-", ""} else _line(place)
    if not isinstance(place, dict):
        return ""
    parts = keyed(place)
    address = parts.get("address")
    if isinstance(address, dict):
        return _place(address) or _line(_name(place) or "")
    if isinstance(address, str) and not any(name in parts for name in ("city", "region", "countrycode")):
        return _line(address)
    named = [
        parts.get(name)
        for name in ("addresslocality", "city", "addressregion", "region", "addresscountry", "country", "countrycode")
    ]
    lines = [_line(_name(each)) for each in named]
    return ", ".join(dict.fromkeys(line for line in lines if len(line) > 1)) or _line(_name(place) or "")


def _url(value: dict[str, Any]) -> str:
    url = first(
        value,
        "url",
        "absoluteurl",
        "hostedurl",
        "joburl",
        "positionuri",
        "redirecturl",
        "careersurl",
        "applyurl",
        "canonical",
    )
    if url is None:
        nested = value.get("refs") or value.get("meta") or {}
        url = first(keyed(nested), "landingpage", "canonical") if isinstance(nested, dict) else None
    return url.strip()[:2000] if isinstance(url, str) and re.match(r"https?://", url.strip()) else ""


_DESCRIPTIONS = (
    "description",
    "descriptionhtml",
    "content",
    "contents",
    "jobdescription",
    "body",
    "descriptionplain",
    "text",
    "jobad",
)
_SECTIONS = {
    "responsibilities": "Responsibilities", "keyobjectives": "Responsibilities", "duties": "Responsibilities",
    "qualifications": "Qualifications",
    "requirements": "Requirements", "musthave": "Requirements", "experiencerequirements": "Experience required",
    "educationrequirements": "Education required",
    "skills": "Skills", "nicetohave": "Nice to have", "benefits": "Benefits", "jobbenefits": "Benefits", "lists": "",
    "additional": "", "additionalplain": "",
}  # fmt: skip


def _description(value: dict[str, Any]) -> str:
    """The main text, then the sections that have fields of their own and are not in it already."""
    main = max((_text(value.get(name)) for name in _DESCRIPTIONS), key=len)
    parts = [main]
    for name, heading in _SECTIONS.items():
        text = _text(value.get(name))
        if name == "additionalplain" and value.get("additional"):
            continue
        if text and not _is_in(text, main):
            parts.append(f"{heading}\n\n{text}" if heading else text)
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _is_in(text: str, main: str) -> bool:
    """Whether a section repeats the main text."""
    squeezed = re.sub(r"\W+", "", main).lower()
    lines = [re.sub(r"\W+", "", line).lower() for line in text.splitlines()]
    lines = [line for line in lines if line]
    return sum(line in squeezed for line in lines) > len(lines) * 0.6


def _text(value: Any) -> str:
    """Text out of a string, a list of bullets, or a list of titled sections (Lever, JSON Resume, SmartRecruiters)."""
    if isinstance(value, str):
        return rich_to_text(value)
    if isinstance(value, list):
        return "\n".join(part for part in map(_item, value[:200]) if part)
    if isinstance(value, dict):
        months = value.get("monthsOfExperience")
        if isinstance(months, int | float) and months > 0:
            return f"- At least {months / 12:g} years of experience"
        return "\n\n".join(part for part in (_titled(each) for each in _sections_of(value)) if part)
    return ""


def _sections_of(value: dict[str, Any]) -> Iterable[Any]:
    sections = value.get("sections", value)
    return (
        sections.values()
        if isinstance(sections, dict) and not {"text", "content", "name", "credentialCategory"} & set(sections)
        else [value]
    )


def _item(item: Any) -> str:
    if isinstance(item, str):
        text = rich_to_text(item)
        return text if text.startswith("- ") or "\n" in text or len(text) > 600 else f"- {text}" if text else ""
    return _titled(item)


def _titled(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    heading = _line(first(item, "title", "text", "name") or "")
    body = _text(first(item, "content", "text", "items", "description", "credentialCategory"))
    keywords = item.get("keywords")
    if isinstance(keywords, list) and keywords:
        return f"- {heading}: {', '.join(map(str, keywords))}" if heading else f"- {', '.join(map(str, keywords))}"
    return f"\n{heading}\n\n{body}" if body and body != heading else f"- {heading}" if heading else ""


def _salary(value: dict[str, Any]) -> Salary | None:
    stated = first(
        value, "basesalary", "salary", "salaryrange", "estimatedsalary", "compensation", "positionremuneration"
    )
    low, high = (
        first(value, "salarymin", "minpayrange", "minsalary"),
        first(value, "salarymax", "maxpayrange", "maxsalary"),
    )
    if stated is None and (low or high):
        stated = {"min": low, "max": high}
    salary = read_salary(stated)
    currency = value.get("salarycurrency") or value.get("currency")
    if salary and not salary.currency and isinstance(currency, str):
        salary = salary.model_copy(update={"currency": currency.upper()[:3]})
    return salary


_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_OTHER_DATES = (
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%B %d %Y",
    "%a, %d %b %Y",
)


def read_date(value: Any) -> date | None:
    ""
    "A date as ISO 8601, seconds or milliseconds since 1970, or in the usual English and German ways; None for"
    " anything else."
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"\d{10}|\d{13}", value)):
            seconds = float(value)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 10**11 else seconds, UTC).date()
        if not isinstance(value, str):
            return None
        iso = _ISO_DATE.match(value.strip())
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3] or 1))
    except (ValueError, OverflowError, OSError):
        return None
    return _other_date(tidy(value)[:40])


def _other_date(text: str) -> date | None:
    for form in _OTHER_DATES:
        for words in (text, " ".join(text.split()[:4])):
            try:
                return datetime.strptime(words, form).replace(tzinfo=UTC).date()
            except ValueError:
                continue
    return None
