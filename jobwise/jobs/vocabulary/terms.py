"""The names themselves, read from `data/<field>.tsv`: one term a line, the file's name is its field of work.

    canonical <TAB> kind <TAB> alias|alias|... <TAB> guard

Names are written in the singular where both are used; plurals, British spelling and `NodeJS` for `Node.js` follow by
rule. The guard is empty, or `rule` (it guards the canonical name), or `rule:Name|Name` (it guards these names only),
where the rule is one of `Rule`. No name may belong to two terms.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from jobwise.jobs.vocabulary.text import key_of

_HERE = Path(__file__).parent


class TermKind(StrEnum):
    """What sort of thing a term names."""

    TOOL = "tool"
    METHOD = "method"
    KNOWLEDGE = "knowledge"
    CERTIFICATION = "certification"
    SOFT = "soft"


class Rule(StrEnum):
    """What it takes to believe a name that is also an everyday word. Each rule asks for more than the one before."""

    CASE = "case"
    """It is spelled exactly as in the vocabulary."""
    TECH = "tech"
    """As `case`, and a cue, a list or another tool or term of its field in the sentence shows what is meant."""
    LISTED = "listed"
    """As `case`, and it stands in a list with other terms, or a cue such as "proficient in" touches it."""


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the vocabulary."""

    name: str
    kind: TermKind
    field: str


@dataclass(frozen=True, slots=True)
class Name:
    """One way to write a term. `spelling` is how a guarded name must be written."""

    term: Term
    spelling: str = ""
    rule: Rule | None = None


def read_names() -> dict[str, Name]:
    """Every way to write every term, by key.

    Raises: ValueError where two terms claim one name, or a line is malformed.
    """
    names: dict[str, Name] = {}
    variants: dict[str, Name] = {}
    for path in sorted((_HERE / "data").glob("*.tsv")):
        table, field = path.read_text(encoding="utf-8"), path.stem
        for line, keys in zip(table.splitlines(), key_of(table).splitlines(), strict=True):
            for spelling, key, name in _names_of_line(line, keys, field):
                if names.setdefault(key, name).term is not name.term:
                    raise ValueError(f"{path.name}: {spelling!r} names {name.term.name!r} and {names[key].term.name!r}")
                if name.rule is None:
                    for variant in _variants(spelling, key, name.term.kind):
                        variants[variant] = name
    return variants | names


def _names_of_line(line: str, keys: str, field: str) -> Iterator[tuple[str, str, Name]]:
    try:
        canonical, kind, aliases, guard = line.split("\t")
        _, _, alias_keys, _ = keys.split("\t")
        term = Term(canonical, TermKind(kind), field)
        rule, _, guarded = guard.partition(":")
        guarded_names = (guarded or canonical).split("|") if rule else []
        plain, guarding = Name(term), Name(term, rule=Rule(rule)) if rule else None
    except ValueError as error:
        raise ValueError(f"{field}.tsv: malformed line {line!r}") from error
    spellings = [canonical, *aliases.split("|")] if aliases else [canonical]
    for spelling, key in zip(spellings, [keys.partition("\t")[0], *alias_keys.split("|")], strict=False):
        if guarding and spelling in guarded_names:
            yield spelling, key, Name(term, spelling, guarding.rule)
        else:
            yield spelling, key, plain


def _variants(spelling: str, key: str, kind: TermKind) -> Iterator[str]:
    """Other ways to write a name that nobody needs to list: `NodeJS`, `CI CD`, plural and singular."""
    if "/" in key:
        yield key.replace("/", " ")
    if spelling[0] != "." and ("-" in spelling or "." in spelling or "/" in spelling):
        run_together = key_of(re.sub("[-./]", "", spelling))
        # "A/R" run together is an everyday abbreviation, "CI/CD" is not.
        if len(run_together) > 2:
            yield run_together
    last = key[-1]
    if kind is TermKind.TOOL or not last.isalpha() or len(key) < 3:
        return
    if last != "s":
        yield key[:-1] + "ies" if last == "y" and key[-2] not in "aeou" else key + "s"
    elif " " in key and key[-2] not in "sui" and not key.endswith("ics"):
        yield key[:-1]


def read_refused() -> list[str]:
    """The keys of the phrases in which a term's name means something else."""
    return key_of("\n".join(phrase for (phrase,) in read_groups("refused.tsv"))).splitlines()


def read_groups(file: str) -> Iterator[tuple[str, ...]]:
    """The rows of a file in `relations/`, split at tabs and `|`; `#` starts a comment line."""
    for line in (_HERE / "relations" / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            yield tuple(line.replace("\t", "|").split("|"))


def read_table(file: str) -> dict[str, frozenset[str]]:
    """The rows of a file in `relations/` by their first entry; rows with the same first entry are taken together."""
    table: dict[str, frozenset[str]] = {}
    for key, *others in read_groups(file):
        table[key] = table.get(key, frozenset()).union(others)
    return table
