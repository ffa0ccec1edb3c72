"""What an import hands back: the profile, what became of everything in the file, and why a file was refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jobwise.errors import ErrorCode, JobWiseError
from jobwise.profiles.content import ProfileContent


class ImportFailed(JobWiseError):
    """This file cannot be imported: it is not a résumé in a format that is known here."""

    code = ErrorCode.IMPORT_FAILED


class NoteKind(StrEnum):
    """What became of a piece of the file."""

    READ = "READ"
    """Taken into the profile."""
    ADJUSTED = "ADJUSTED"
    """Taken into the profile, after a change that the note names."""
    KEPT = "KEPT"
    """Has no place in the profile; stored beside it as it stood in the file."""
    SKIPPED = "SKIPPED"
    """Not taken into the profile, because it is empty, unreadable or too much."""


@dataclass(frozen=True)
class ImportNote:
    """One sentence for the person. `path` is where it stands in the file, such as `work[0].endDate`."""

    path: str
    message: str
    kind: NoteKind


@dataclass(frozen=True)
class ImportReport:
    """What was read: entries per section of the profile, and notes in the order of the file."""

    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[ImportNote, ...] = ()


@dataclass(frozen=True)
class ImportedProfile:
    """A profile from a file. `unknown` holds what the profile has no place for, by its path in the file."""

    content: ProfileContent
    report: ImportReport
    unknown: dict[str, Any]
