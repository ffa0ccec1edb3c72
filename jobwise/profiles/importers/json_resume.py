"""JSON Resume, https://jsonresume.org/schema (1.0 to 1.3, and the older and looser spellings that are about)."""

import re
from collections.abc import Mapping
from typing import Any

from jobwise.language import detect
from jobwise.profiles import limits
from jobwise.profiles.content import (
    Certification,
    Education,
    Experience,
    ExperienceKind,
    Honor,
    HonorKind,
    Language,
    ProfileContent,
    Project,
    Skill,
)
from jobwise.profiles.dates import PartialDate
from jobwise.profiles.importers.contact import read_contact
from jobwise.profiles.importers.dates import UNREADABLE, ReadDate, read_period
from jobwise.profiles.importers.reading import Entry, Reading, is_empty
from jobwise.profiles.importers.report import ImportedProfile, ImportFailed, ImportNote, ImportReport, NoteKind
from jobwise.profiles.importers.source import json_object
from jobwise.profiles.validation import is_backwards

#: Below this confidence the detector's answer is a guess, and English the better one.
_SURE = 0.1
_WRAPPERS = ("resume", "jsonResume", "json_resume", "cv", "profile", "data", "content", "document")
_JOB_MARKS = frozenset(
    ("company", "hiringOrganization", "qualifications", "responsibilities", "salary", "jobDescription", "requirements")
)
_OTHER_NAMES = ("fullName", "full_name", "fullname", "firstName", "first_name", "lastName", "displayName")
_HIGHLIGHTS = ("highlights", "achievements", "accomplishments", "responsibilities", "duties", "tasks", "bullets")
_KEYWORDS = ("keywords", "technologies", "tech", "techStack", "stack", "tools", "skills")
_NOUNS = {
    "experiences": "experience",
    "education": "degree",
    "projects": "project",
    "skills": "skill",
    "certifications": "certificate",
    "languages": "language",
    "honors": "honor",
    "interests": "interest",
    "highlights": "highlight",
}
_URL = ("url", "website", "link")


def read(data: bytes | Mapping[str, Any]) -> ImportedProfile:
    """Read a JSON Resume. Whatever is not taken as it stands is named in the report.

    Raises ImportFailed for a file that is not JSON, not a résumé, or has no name in it.
    """
    reading = Reading()
    root = Entry(reading, "", _unwrapped(json_object(data), reading))
    basics_path, basics = root.take("basics", "basic", "personal")
    if isinstance(basics, list) and basics:
        basics_path, basics = f"{basics_path}[0]", basics[0]
    _require_name(basics, root.data)
    declared = _declared_language(root.data)
    reading.language = declared or "en"
    content = _content(root, Entry(reading, basics_path, basics))
    if not content.name:
        raise ImportFailed("basics.name holds no readable name.", path="basics.name")
    content = content.model_copy(update={"language": declared or _language_of(_prose(content))})
    return ImportedProfile(content, _report(content, reading), reading.unknown)


def _unwrapped(data: dict[str, Any], reading: Reading) -> dict[str, Any]:
    for name in _WRAPPERS:
        inner = data.get(name)
        if "basics" not in data and isinstance(inner, Mapping) and any(key in inner for key in ("basics", *_WRAPPERS)):
            reading.note(NoteKind.ADJUSTED, name, f"The résumé stands inside “{name}”; it was read from there.")
            for key in data.keys() - {name}:
                reading.keep(key, data[key])
            return _unwrapped(dict(inner), reading)
    return data


def _require_name(basics: object, root: Mapping[str, Any]) -> None:
    if isinstance(basics, Mapping) and not is_empty(basics.get("name")):
        return
    basics = basics or root.get("basics")
    right = 'It must hold the person\'s name: {"basics": {"name": "Jane Doe", …}}.'
    if isinstance(basics, Mapping):
        other = next((name for name in _OTHER_NAMES if not is_empty(basics.get(name))), None)
        hint = f" The name seems to stand in basics.{other}: rename that to basics.name." if other else ""
        raise ImportFailed(f"basics.name is missing or empty. {right}{hint}", path="basics.name")
    if {"properties", "definitions", "$defs"} & root.keys():
        raise ImportFailed("This is a JSON Schema, the description of a format, not a résumé.", path="basics")
    if root.get("@type") == "JobPosting" or len(_JOB_MARKS & root.keys()) >= 2:
        raise ImportFailed("This is a job posting, not a résumé: import it as a job.", path="basics")
    raise ImportFailed(f"basics is missing: this is not a JSON Resume. {right}", path="basics.name")


def _language_of(prose: str) -> str:
    """English where a text is too short or too mixed to tell."""
    found = detect(prose)
    return found.code if found.confidence >= _SURE else "en"


def _declared_language(data: Mapping[str, Any]) -> str | None:
    meta, basics = data.get("meta"), data.get("basics")
    for place in (basics, meta, data):
        value = (
            place.get("language") or place.get("lang") or place.get("locale") if isinstance(place, Mapping) else None
        )
        if isinstance(value, str) and (match := re.match(r"([A-Za-z]{2})(?:[-_].*)?$", value.strip())):
            return match[1].lower()
    return None


def _content(root: Entry, basics: Entry) -> ProfileContent:
    content = ProfileContent(
        name=basics.text("name", limit=limits.NAME),
        headline=basics.text("label", "headline", "title", "jobTitle", "position", limit=limits.HEADLINE),
        summary=basics.text("summary", "about", "bio", "objective", limit=limits.SUMMARY, lines=True),
        contact=read_contact(basics),
        experiences=(*_experiences(root), *_volunteering(root)),
        education=_education(root),
        projects=_projects(root),
        skills=_skills(root),
        certifications=_certifications(root),
        languages=_languages(root),
        honors=(*_awards(root), *_publications(root)),
        interests=_interests(root),
    )
    _set_aside(root, basics)
    return content


def _set_aside(root: Entry, basics: Entry) -> None:
    reading = root.reading
    for entry, names, why in (
        (basics, ("image", "picture", "photo"), "Pictures are not part of the profile; the address is kept."),
        (root, ("references",), "References are not shown on a résumé; they are kept."),
        (root, ("meta",), "This is about the file, not about the person; it is kept."),
    ):
        path, value = entry.take(*names)
        reading.keep(path, value, why)
    # The schema's address says nothing about the person, and every file has it.
    root.take("$schema")
    basics.close()
    root.close()


def _experiences(root: Entry) -> tuple[Experience, ...]:
    entries = root.entries("work", "experience", "workExperience", "employment", "positions", most=limits.EXPERIENCES)
    found = (_experience(entry, ExperienceKind.WORK, "name", "company") for entry in entries)
    return tuple(filter(None, found))


def _volunteering(root: Entry) -> tuple[Experience, ...]:
    entries = root.entries("volunteer", "volunteering", "volunteerWork", most=limits.EXPERIENCES)
    found = (
        _experience(entry, ExperienceKind.VOLUNTEER, "organization", "name", "company", "group") for entry in entries
    )
    return tuple(filter(None, found))


def _experience(entry: Entry, kind: ExperienceKind, *employer_names: str) -> Experience | None:
    employer = entry.text(*employer_names, "employer", "organisation", "organization", "companyName")
    title = entry.text("position", "title", "role", "jobTitle", "label")
    if not employer and not title:
        entry.refuse(
            "This says neither where nor as what: an experience needs its employer (name) or its title (position)."
        )
        return None
    if not employer:
        place = entry.where(employer_names[0])
        entry.reading.note(NoteKind.ADJUSTED, place, "The employer is missing; the title stands in its place.")
        employer, title = title, ""
    start, end = _period(entry)
    return Experience(
        kind=kind,
        employer=employer,
        title=title,
        location=_place(entry),
        url=entry.url(*_URL, "companyUrl"),
        description=entry.text("description", limit=limits.SUMMARY, lines=True),
        summary=entry.text("summary", limit=limits.SUMMARY, lines=True),
        start=start,
        end=end,
        highlights=entry.highlights(*_HIGHLIGHTS),
        skills=entry.terms(*_KEYWORDS),
    )


def _place(entry: Entry) -> str:
    path, value = entry.take("location", "place", "city")
    if isinstance(value, Mapping) and {"city", "region", "countryCode", "country"} & value.keys():
        parts = Entry(entry.reading, path, value)
        names = (("city",), ("region", "state"), ("countryCode", "country"))
        text = ", ".join(filter(None, (parts.text(*name) for name in names)))
        parts.close()
        return text[: limits.SHORT]
    return entry.reading.text(path, value, limits.SHORT)


def _period(entry: Entry) -> tuple[PartialDate | None, PartialDate | None]:
    start_path, start_raw, start = entry.date("startDate", "start", "from", "startedOn", "begin")
    end_path, end_raw, end = entry.date("endDate", "end", "to", "finishedOn", "until")
    if start is None and end is None:
        start_path, start_raw = entry.take("dates", "period", "duration", "date")
        start, end = read_period(start_raw) if start_raw is not None else (None, None)
    reading = entry.reading
    if UNREADABLE in (start, end):
        # A start without its end would read as going on until today, which nobody said: both wait for the person.
        for path, raw, found in ((start_path, start_raw, start), (end_path, end_raw, end)):
            readable = found is not None and found.readable
            reading.skip(path, raw, "This waits for its other date: please enter both." if readable else _no_date(raw))
        return None, None
    _check_current(entry, end)
    first, last = start.value if start else None, end.value if end else None
    if is_backwards(first, last):
        reading.note(
            NoteKind.KEPT, end_path, f"It ends ({last}) before it starts ({first}); both are kept: please correct them."
        )
    return first, last


def _check_current(entry: Entry, end: ReadDate | None) -> None:
    path, current = entry.take("isCurrentRole", "isCurrent", "current", "currentlyWorking", "present")
    closed = end is not None and not end.present
    if current is True and closed:
        entry.reading.keep(path, current, "It is marked as current and has an end; the end was taken: please check.")
    elif current is False and not closed:
        entry.reading.keep(path, current, "It is marked as ended, but has no end date: please add it.")
    elif current is not None and not isinstance(current, bool):
        entry.reading.keep(path, current)


def _education(root: Entry) -> tuple[Education, ...]:
    found = []
    for entry in root.entries("education", "educations", "schools", "studies", most=limits.EDUCATION):
        institution = entry.text("institution", "school", "university", "college", "name", "organization")
        degree = entry.text("studyType", "degree", "degreeName", "qualification", "title")
        area = entry.text("area", "fieldOfStudy", "field", "major", "subject")
        if not (institution or degree or area):
            entry.refuse("This names no institution, degree or subject.")
            continue
        found.append(_study(entry, institution, degree, area))
    return tuple(found)


def _study(entry: Entry, institution: str, degree: str, area: str) -> Education:
    start, end = _period(entry)
    if not end and (graduated := entry.date("graduationDate", "graduation", "year")[2]):
        end = graduated.value
    return Education(
        institution=institution,
        degree=degree,
        area=area,
        score=entry.text("score", "gpa", "grade", limit=limits.TINY),
        location=_place(entry),
        url=entry.url(*_URL),
        start=start,
        end=end,
        courses=entry.terms("courses", "modules"),
        highlights=entry.highlights(*_HIGHLIGHTS, "activities", "summary", "description", "notes"),
    )


def _projects(root: Entry) -> tuple[Project, ...]:
    found = []
    for entry in root.entries("projects", "sideProjects", most=limits.PROJECTS, main="name"):
        name = entry.text("name", "title")
        if not name:
            entry.refuse("A project needs its name.")
            continue
        start, end = _period(entry)
        project = Project(
            name=name,
            role=entry.text("roles", "role", "position"),
            organization=entry.text("entity", "organization", "company", "client"),
            description=entry.text("description", "summary", limit=limits.SUMMARY, lines=True),
            url=entry.url(*_URL, "github", "repository"),
            start=start,
            end=end,
            highlights=entry.highlights(*_HIGHLIGHTS),
            keywords=entry.terms(*_KEYWORDS),
        )
        found.append(project)
    return tuple(found)


def _skills(root: Entry) -> tuple[Skill, ...]:
    found: list[Skill] = []
    for entry in root.entries("skills", "skill", "skillset", most=limits.SKILLS, main="name", other="keywords"):
        name = entry.text("name", "skill", "category", "title", "label")
        level = entry.text("level", "proficiency", "rating", limit=limits.TINY)
        keywords = entry.terms("keywords", "items", "skills")
        if name:
            found.append(Skill(name=name, level=level, keywords=keywords))
        elif keywords:
            found += (Skill(name=keyword, level=level) for keyword in keywords)
        else:
            entry.refuse("A skill needs its name.")
    return tuple(found[: limits.SKILLS])


def _certifications(root: Entry) -> tuple[Certification, ...]:
    found = []
    for entry in root.entries(
        "certificates", "certifications", "certs", "licenses", most=limits.CERTIFICATIONS, main="name"
    ):
        name = entry.text("name", "title", "certificate", "certification")
        if not name:
            entry.refuse("A certificate needs its name.")
            continue
        issuer = entry.text("issuer", "authority", "organization", "awarder", "issuedBy")
        date = _day(entry, "date", "issueDate", "issued", "releaseDate", "startDate", "year")
        expires = _day(entry, "expires", "expiryDate", "expirationDate", "validUntil", "endDate")
        found.append(Certification(name=name, issuer=issuer, url=entry.url(*_URL), date=date, expires=expires))
    return tuple(found)


def _languages(root: Entry) -> tuple[Language, ...]:
    found = []
    for entry in root.entries("languages", most=limits.LANGUAGES, main="language", other="fluency"):
        if name := entry.text("language", "name", "lang", limit=limits.TINY):
            found.append(Language(name=name, fluency=entry.text("fluency", "level", "proficiency", limit=limits.TINY)))
        else:
            entry.refuse("A language needs its name.")
    return tuple(found)


def _awards(root: Entry) -> tuple[Honor, ...]:
    entries = root.entries("awards", "honors", "honours", most=limits.HONORS, main="title")
    found = (
        _honor(entry, HonorKind.AWARD, ("title", "name", "award"), ("awarder", "issuer", "organization"))
        for entry in entries
    )
    return tuple(filter(None, found))


def _publications(root: Entry) -> tuple[Honor, ...]:
    entries = root.entries("publications", most=limits.HONORS, main="name")
    found = (
        _honor(entry, HonorKind.PUBLICATION, ("name", "title"), ("publisher", "issuer", "journal")) for entry in entries
    )
    return tuple(filter(None, found))


def _honor(entry: Entry, kind: HonorKind, titles: tuple[str, ...], issuers: tuple[str, ...]) -> Honor | None:
    title = entry.text(*titles)
    if not title:
        entry.refuse(f"This needs its {titles[0]}.")
        return None
    return Honor(
        kind=kind,
        title=title,
        issuer=entry.text(*issuers),
        date=_day(entry, "date", "releaseDate", "publicationDate", "year"),
        url=entry.url(*_URL),
        summary=entry.text("summary", "description", limit=limits.SUMMARY, lines=True),
    )


def _day(entry: Entry, *names: str) -> PartialDate | None:
    path, raw, found = entry.date(*names)
    if found is not None and not found.value:
        entry.reading.skip(path, raw, _no_date(raw))
    return found.value if found else None


def _no_date(raw: object) -> str:
    return f"“{str(raw)[:40]}” cannot be read as a date with certainty: please enter it."


def _interests(root: Entry) -> tuple[str, ...]:
    names: list[str] = []
    for entry in root.entries("interests", "hobbies", most=limits.INTERESTS, main="name", other="keywords"):
        name = entry.text("name", "title")
        names += [name] if name else entry.terms("keywords")
    return tuple(names[: limits.INTERESTS])


def _prose(content: ProfileContent) -> str:
    return "\n".join(
        (
            content.headline,
            content.summary,
            *(part.summary for part in content.experiences),
            *(part.description for part in content.projects),
            *_highlights(content),
        )
    )


def _highlights(content: ProfileContent) -> list[str]:
    parts: tuple[Experience | Project | Education, ...] = (*content.experiences, *content.projects, *content.education)
    return [line.text for part in parts for line in part.highlights]


def _counted(section: str, count: int) -> ImportNote:
    noun = _NOUNS[section]
    return ImportNote(section, f"{count} {noun if count == 1 else noun + 's'} read.", NoteKind.READ)


def _report(content: ProfileContent, reading: Reading) -> ImportReport:
    counts = {section: len(getattr(content, section)) for section in _NOUNS if section != "highlights"}
    counts["highlights"] = len(_highlights(content))
    read = [_counted(section, count) for section, count in counts.items() if count]
    return ImportReport(counts, (*read, *reading.notes))
