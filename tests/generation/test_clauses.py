"""Highlights become sentences only where the grammar is certain."""

import pytest

from jobwise.generation.builtin_writer.narration import Position, tell
from jobwise.generation.phrases import PHRASES, phrases_for
from jobwise.generation.prose import language_of, sentences


def _told(text: str, *, current: bool = False, project: str = "", position: Position = Position.FIRST) -> str:
    return tell(phrases_for("en"), text, "at Acme", position, current=current, project=project).text


@pytest.mark.parametrize(
    ("highlight", "sentence"),
    [
        ("Led a team of five.", "At Acme, I led a team of five."),
        ("Cut costs by 10%", "At Acme, I cut costs by 10%."),
        ("Successfully won TechCrunch Disrupt", "At Acme, I successfully won TechCrunch Disrupt."),
        ("Awarded 'Teacher of the Month'", "At Acme, I was awarded 'Teacher of the Month'."),
        ("Promoted to team lead after a year", "At Acme, I was promoted to team lead after a year."),
        ("Promoted 14 engineers", "At Acme, I promoted 14 engineers."),
        ("Responsible for payroll", "At Acme, I was responsible for payroll."),
        ("Build an algorithm for artists", "At Acme, I built an algorithm for artists."),
        (
            "Build and run the data platform",
            "My résumé puts part of my work at Acme like this: “Build and run the data platform.”",
        ),
        ("Worked with 45 clients", "At Acme, I worked with 45 clients."),
        ("Managing three depots", "My work at Acme involved managing three depots."),
        ("He led the guild and grew his team", "At Acme, I led the guild and grew my team."),
        ("I founded the guild", "I founded the guild."),
        ("Lead the close; shortened it to six days", "At Acme, I led the close; I shortened it to six days."),
        (
            "AWS cost review every quarter",
            "My résumé puts part of my work at Acme like this: “AWS cost review every quarter.”",
        ),
        (
            "Embedded systems for trams",
            "My résumé puts part of my work at Acme like this: “Embedded systems for trams.”",
        ),
        (
            "Lead engineer for billing",
            "My résumé puts part of my work at Acme like this: “Lead engineer for billing.”",
        ),
        ("Design of a 40-bed ward", "My résumé puts part of my work at Acme like this: “Design of a 40-bed ward.”"),
    ],
)  # fmt: skip
def test_a_highlight_of_a_past_post_is_told_in_good_english(highlight: str, sentence: str) -> None:
    assert _told(highlight) == sentence


@pytest.mark.parametrize(
    ("highlight", "sentence"),
    [
        ("Coordinate care for a 28-bed unit", "At Acme, I coordinate care for a 28-bed unit."),
        ("Care for four patients a shift", "At Acme, I care for four patients a shift."),
        ("Reduced falls by a third", "At Acme, I reduced falls by a third."),
    ],
)
def test_a_present_form_stays_present_while_the_post_goes_on(highlight: str, sentence: str) -> None:
    assert _told(highlight, current=True) == sentence


def test_a_project_is_the_subject_of_what_was_done_to_it() -> None:
    assert _told("Deployed to 400 students", project="DormSwap") == "My project DormSwap was deployed to 400 students."
    assert _told("Designed the moderation flow", project="DormSwap") == "At Acme, I designed the moderation flow."


def test_a_second_and_an_earlier_achievement_begin_differently() -> None:
    assert _told("Led the guild", position=Position.AGAIN) == "I also led the guild."
    assert _told("Led the guild", position=Position.EARLIER) == "Earlier, at Acme, I led the guild."


@pytest.mark.parametrize(
    ("highlight", "sentence"),
    [
        (
            "Leitung des Neubaus von 186 Wohnungen",
            "Zu meiner Arbeit bei Elbbau zählte die Leitung des Neubaus von 186 Wohnungen.",
        ),
        (
            "Eigenverantwortliche Bauleitung eines Büros",
            "Zu meiner Arbeit bei Elbbau zählte die eigenverantwortliche Bauleitung eines Büros.",
        ),
        ("Aufbau der Mengenermittlung", "Zu meiner Arbeit bei Elbbau zählte der Aufbau der Mengenermittlung."),
        ("Leitete den Umbau einer Schule", "Bei Elbbau leitete ich den Umbau einer Schule."),
        (
            "Kein Arbeitsunfall in 26 Monaten",
            "Aus meiner Arbeit bei Elbbau nenne ich: Kein Arbeitsunfall in 26 Monaten.",
        ),
    ],
)  # fmt: skip
def test_german_nouns_get_their_article_and_verbs_their_subject(highlight: str, sentence: str) -> None:
    told = tell(phrases_for("de"), highlight, "bei Elbbau", Position.FIRST, current=False, project="")

    assert told.text == sentence


def test_japanese_sentences_follow_their_place() -> None:
    told = tell(
        phrases_for("ja"), "業務改善を提案しました。", "「社内システム」", Position.FIRST, current=False, project="x"
    )

    assert told.text == "「社内システム」では、業務改善を提案しました。"


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_every_language_frames_an_achievement_without_doubled_marks(language: str) -> None:
    for position in Position:
        text = tell(phrases_for(language), "Xyz 12 abc.", "—", position, current=False, project="").text

        assert "Xyz 12 abc" in text or "xyz 12 abc" in text
        assert ".." not in text
        assert "  " not in text


def test_sentences_keep_their_brackets_and_survive_abbreviations() -> None:
    assert sentences("He won. (Go Sooners!) Then he met Dr. Ada at Acme Inc. on 5 May.") == [
        "He won.",
        "(Go Sooners!)",
        "Then he met Dr. Ada at Acme Inc. on 5 May.",
    ]
    assert sentences("It fell to 420 ms. I hold a degree.") == ["It fell to 420 ms.", "I hold a degree."]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Leitung des Neubaus von 186 Wohnungen und Koordination der Gewerke mit dem Bauherrn", "de"),
        ("Led the team and worked with the board on a plan for the new site", "en"),
        ("Diseñé el sistema de precios y la migración de los servicios con el equipo", "es"),
        ("システムを構築しました", "ja"),
        ("Kubernetes", ""),
    ],
)
def test_the_language_of_prose_is_told_by_its_small_words(text: str, language: str) -> None:
    assert language_of(text) == language
