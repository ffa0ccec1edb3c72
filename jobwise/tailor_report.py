"""`report.json`: what the tailoring did and why, put together from what the API says about a finished generation."""

from jobwise.api_client import Json

_KEYS = {"RESUME": "resume", "COVER_LETTER": "coverLetter"}


def report(generation: Json, imported: Json, seconds: float) -> Json:
    """The report. `imported` is the résumé's import report, `seconds` the whole time that the caller waited."""
    documents = {_KEYS[document["kind"]]: document for document in generation["documents"]}
    analysis, job = generation["analysis"], generation["job"] or {}
    return {
        "title": generation["title"],
        "posting": {**job, **{name: analysis[name] for name in ("seniority", "years", "language", "keywords")}},
        "match": _match(generation),
        "gaps": _gaps(generation),
        "coverage": {key: document["coverage"] for key, document in documents.items()},
        "score": documents["resume"]["score"],
        "changes": _of_all(documents, "changes"),
        "refused": _of_all(documents, "refused"),
        "findings": documents["resume"]["findings"],
        "warnings": list(dict.fromkeys([*job.get("warnings", ()), *generation["warnings"]])),
        "authors": {_KEYS[author["document"]]: _author(author) for author in generation["authors"]},
        "import": imported,
        "documents": {key: _document(key, document) for key, document in documents.items()},
        "timings": {"seconds": round(seconds, 3), "generation": generation["analytics"]},
        "usage": generation["usage"],
        "generation": {"id": generation["id"], "attempts": generation["attempts"]},
    }


def _author(author: Json) -> Json:
    return {name: author[name] for name in ("provider", "model")}


def _match(generation: Json) -> Json:
    asked = {each["id"]: each for each in generation["analysis"]["requirements"]}
    weighed = [
        {**asked[match["requirementId"]], **match}
        for match in generation["match"]["requirements"]
        if match["requirementId"] in asked
    ]
    return {**generation["match"], "requirements": weighed}


def _gaps(generation: Json) -> list[Json]:
    """What the posting asks for and the profile says nothing about."""
    wanted = ("quote", "kind", "importance", "missingTerms")
    return [
        {name: match[name] for name in wanted}
        for match in _match(generation)["requirements"]
        if match["strength"] == "MISSING"
    ]


def _of_all(documents: dict[str, Json], name: str) -> list[Json]:
    return [{"document": key, **item} for key, document in documents.items() for item in document[name]]


def _document(key: str, document: Json) -> Json:
    stem = "resume" if key == "resume" else "cover-letter"
    return {
        "pages": document["pageCount"],
        "template": document["template"],
        "paper": document["paper"],
        "files": [f"{stem}.{ending}" for ending in ("pdf", "txt", "json")],
    }
