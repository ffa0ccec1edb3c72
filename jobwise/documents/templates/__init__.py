"""The designs that documents come in. A new one is a folder here (design.css) and one line in TEMPLATES."""

from dataclasses import dataclass

from jobwise.errors import ErrorCode, JobWiseError


class UnknownTemplate(JobWiseError):
    """There is no template of this name: `templates` lists those that there are."""

    code = ErrorCode.NOT_FOUND


@dataclass(frozen=True)
class Template:
    """A design for résumé and letter. `family` is the font, `stacked_dates` puts dates on a line of their own,
    `separator` stands between contact details."""

    key: str
    name: str
    description: str
    family: str
    stacked_dates: bool
    separator: str


TEMPLATES = {
    template.key: template
    for template in (
        Template(
            "ats",
            "ATS-optimised",
            "All black, one column, dates on their own line: what applicant tracking systems read best.",
            family="Source Sans 3",
            stacked_dates=True,
            separator="|",
        ),
        Template(
            "modern",
            "Modern",
            "One accent colour, dates at the right edge, generous space; still one column and readable by machines.",
            family="Open Sans",
            stacked_dates=False,
            separator="·",
        ),
    )
}


def template(key: str) -> Template:
    """The template of this key. Raises UnknownTemplate."""
    if key not in TEMPLATES:
        raise UnknownTemplate(f"There is no template {key!r}: choose one of {', '.join(TEMPLATES)}.", path="template")
    return TEMPLATES[key]
