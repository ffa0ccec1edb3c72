"""Holding a profile against a posting."""

import pytest

from jobwise.generation.facts import facts_of, years_worked
from jobwise.generation.stages.match import gaps, match
from jobwise.generation.types import FactKind, Strength
from jobwise.jobs.requirements import Importance, RequirementKind
from jobwise.profiles.content import Experience, Language, ProfileContent, Skill
from tests.generation.people import BARE, ENGINEER, GRADUATE, PLATFORM, TODAY, id_of, need, on, posting


def _strength_of(profile: ProfileContent, quote: str, *terms: str, **more: object) -> Strength:
    report = match(profile, posting(need(1, quote, *terms, **more)), TODAY)  # type: ignore[arg-type]
    return report.requirements[0].strength


def test_a_term_in_a_highlight_is_direct_evidence_and_names_the_highlight() -> None:
    report = match(ENGINEER, PLATFORM, TODAY)

    best = report.requirements[0].evidence[0]

    assert best.strength is Strength.DIRECT
    assert best.terms == ("Kubernetes",)
    assert best.fact_id in {fact.id for fact in facts_of(ENGINEER, TODAY) if "Kubernetes" in fact.text or fact.terms}


@pytest.mark.parametrize(
    ("terms", "strength"),
    [
        (("PostgreSQL",), Strength.DIRECT),
        (("Terraform",), Strength.STRONG),
        (("MySQL",), Strength.TRANSFERABLE),
        (("COBOL",), Strength.MISSING),
    ],
)
def test_used_beats_listed_beats_related_beats_absent(terms: tuple[str, ...], strength: Strength) -> None:
    assert _strength_of(ENGINEER, "something", *terms) is strength


@pytest.mark.parametrize(
    ("years", "strength"),
    [(5.0, Strength.DIRECT), (10.0, Strength.STRONG), (16.0, Strength.TRANSFERABLE), (40.0, Strength.MISSING)],
)
def test_years_are_judged_by_dated_work(years: float, strength: Strength) -> None:
    found = _strength_of(ENGINEER, f"{years:g}+ years of experience", kind=RequirementKind.EXPERIENCE, years=years)

    assert found is strength


def test_overlapping_posts_are_counted_once_and_voluntary_ones_not_at_all() -> None:
    twice = (
        Experience(employer="A", start=on("2020-01"), end=on("2021-12")),
        Experience(employer="B", start=on("2021-01"), end=on("2022-12")),
    )

    assert years_worked(twice, TODAY) == 3.0
    assert years_worked(ENGINEER.experiences, TODAY) == 8.5


@pytest.mark.parametrize(
    ("quote", "strength"),
    [
        ("Bachelor's degree in Computer Science", Strength.DIRECT),
        ("Bachelor's or Master's degree", Strength.DIRECT),
        ("Master's degree in Computer Science", Strength.TRANSFERABLE),
        ("PhD in Physics", Strength.MISSING),
        ("Abgeschlossenes Studium der Informatik", Strength.DIRECT),
    ],
)
def test_degrees_are_compared_by_level(quote: str, strength: Strength) -> None:
    assert _strength_of(ENGINEER, quote, kind=RequirementKind.EDUCATION) is strength


@pytest.mark.parametrize(
    ("quote", "strength"),
    [
        ("Fluent English", Strength.DIRECT),
        ("Fließend Englisch", Strength.DIRECT),
        ("Native English", Strength.STRONG),
        ("Fluent German", Strength.MISSING),
    ],
)
def test_languages_are_compared_by_fluency_in_any_language(quote: str, strength: Strength) -> None:
    assert _strength_of(ENGINEER, quote, kind=RequirementKind.LANGUAGE) is strength


def test_a_profile_written_in_a_language_shows_that_language() -> None:
    silent = ENGINEER.model_copy(update={"languages": (Language(name="Swedish"),)})

    assert _strength_of(silent, "Fluent English", kind=RequirementKind.LANGUAGE) is Strength.STRONG


def test_a_missing_must_for_a_language_caps_the_score() -> None:
    good = need(1, "Kubernetes", "Kubernetes")
    german = need(2, "Fluent German", kind=RequirementKind.LANGUAGE)

    many = posting(*(good.model_copy(update={"id": f"r{number}"}) for number in range(3, 20)), german)

    assert match(ENGINEER, many, TODAY).score == 69


def test_a_must_weighs_more_than_a_nice_to_have() -> None:
    missing_must = posting(need(1, "Rust", "Rust"), need(2, "Python", "Python", importance=Importance.NICE))
    missing_nice = posting(need(1, "Rust", "Rust", importance=Importance.NICE), need(2, "Python", "Python"))

    assert match(ENGINEER, missing_must, TODAY).score < match(ENGINEER, missing_nice, TODAY).score


def test_half_of_a_demand_earns_less_than_all_of_it_but_a_choice_needs_only_one() -> None:
    both = posting(need(1, "Python and Rust", "Python", "Rust"))
    either = posting(need(1, "Python or Rust", "Python", "Rust"))

    assert match(ENGINEER, both, TODAY).score == 75
    assert match(ENGINEER, either, TODAY).score == 100


def test_skills_are_ranked_by_the_posting_and_stay_the_persons_own() -> None:
    ranked = match(ENGINEER, PLATFORM, TODAY).ranked_skills

    assert ranked[:2] == ("Kubernetes", "Python")
    assert set(ranked) == {"Python", "Go", "SQL", "Java", "Docker", "Kubernetes", "AWS", "Terraform"}


def test_a_comment_on_a_skill_is_not_a_skill() -> None:
    profile = ProfileContent(name="A", skills=(Skill(name="jQuery", keywords=("where React cannot be used",)),))

    assert match(profile, PLATFORM, TODAY).ranked_skills == ("jQuery",)


def test_the_most_relevant_entry_scores_highest() -> None:
    scores = match(ENGINEER, PLATFORM, TODAY).experience_scores

    assert scores[id_of("Northpay")] > scores[id_of("Fjordbank")] >= scores[id_of("Code Evenings")]


@pytest.mark.parametrize("profile", [BARE, GRADUATE, ENGINEER])
def test_all_evidence_exists_and_all_scores_are_percentages(profile: ProfileContent) -> None:
    report = match(profile, PLATFORM, TODAY)
    known = {fact.id for fact in facts_of(profile, TODAY)}

    assert all(item.fact_id in known for found in report.requirements for item in found.evidence)
    assert 0 <= report.score <= 100
    assert all(0 <= score <= 100 for score in report.experience_scores.values())


def test_gaps_name_what_is_missing_with_the_musts_first() -> None:
    report = match(GRADUATE, PLATFORM, TODAY)

    found = gaps(report, PLATFORM)

    assert [gap.importance for gap in found] == sorted((gap.importance for gap in found), key=list(Importance).index)
    assert "Kubernetes" in found[0].advice
    assert all(gap.advice.endswith(".") for gap in found)


def test_a_highlight_belongs_to_its_entry() -> None:
    facts = {fact.id: fact for fact in facts_of(ENGINEER, TODAY)}
    highlights = [fact for fact in facts.values() if fact.kind is FactKind.HIGHLIGHT]

    assert all(fact.parent_id in facts for fact in highlights)
