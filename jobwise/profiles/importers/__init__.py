"""Importers of profiles, by format. A new one is a module with `read` and a line here."""

from collections.abc import Callable, Mapping
from typing import Any

from jobwise.profiles.importers import json_resume
from jobwise.profiles.importers.report import ImportedProfile, ImportFailed, ImportNote, ImportReport, NoteKind

Importer = Callable[[bytes | Mapping[str, Any]], ImportedProfile]

IMPORTERS: Mapping[str, Importer] = {
    "JSON_RESUME": json_resume.read,
}


def read(data: bytes | Mapping[str, Any], format_key: str = "JSON_RESUME") -> ImportedProfile:
    """Read a profile from a file's bytes. Raises ImportFailed with a message for the person."""
    importer = IMPORTERS.get(format_key)
    if importer is None:
        raise ImportFailed(
            f"There is no importer for “{format_key}”; there is one for {', '.join(IMPORTERS)}.", path="format"
        )
    return importer(data)


__all__ = ["IMPORTERS", "ImportFailed", "ImportNote", "ImportReport", "ImportedProfile", "Importer", "NoteKind", "read"]
