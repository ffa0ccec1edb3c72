"""A person's names are found however they are written; words that only look like them are left."""

import time

import pytest

from jobwise.profiles.content import Contact
from jobwise.profiles.redaction import Redaction
from tests.generation.people import ENGINEER


def _redaction(name: str, **contact: str) -> Redaction:
    return Redaction(ENGINEER.model_copy(update={"name": name, "contact": Contact(**contact)}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Maria Lopez", "maria lopez"),
        ("Maria Lopez", "MARIA, Lopez's"),
        ("Maria Lopez", "Lopez-Maria"),
        ("Maria Lopez", "MariaLopez mlopez"),
        ("Anna-Lena Müller", "Anna, Lena, AnnaLena"),
        ("Nadia Varga-Holt", "NVargaHolt, vargaholt"),
        ("Shane O'Neill", "ONeill, O’Neill's"),
        ("Anna-Lena Müller", "Annas Müllers Mueller MUELLER"),
        ("Hans Mueller", "Müller Mu\u0308ller"),
        ("José Núñez", "Jose Nunez JOSÉ Jose\u0301"),
        ("Jose\u0301 Nunez", "José Núñez"),
        ("Bo Li", "Li, Bo LI"),
        ("李明", "李明"),
        ("山田 太郎", "山田太郎"),
        ("Will Page", "Will Page"),
        ("Łukasz Żak", "Lukasz Zak"),
    ],
)
def test_a_name_is_found_however_it_is_written(name: str, text: str) -> None:
    left = _redaction(name).text(f"Team of {text}.").removeprefix("Team of ").replace("[name]", "")

    assert not any(letter.isalnum() for letter in left)


def test_names_between_letters_without_spaces_are_found() -> None:
    assert _redaction("李明").text("我是李明，在北京") == "我是[name]，在北京"


@pytest.mark.parametrize(
    "address",
    [
        *("maria@x.example", "maria (at) x.example", "maria＠x.example"),
        *(
            "marialopez.example",
            "blog.maria-lopez.pl/cv",
            "maria_lopez.pdf",
            "_maria__lopez.pdf",
            "@maria_l",
            "bit.ly/3abc",
            "www.x.example",
        ),
    ],
)
def test_addresses_are_taken_out_whole(address: str) -> None:
    assert _redaction("Maria Lopez").text(f"See {address} for more") == "See [contact] for more"


@pytest.mark.parametrize("written", ["Hauptstraße 5", "Hauptstr. 5", "HAUPTSTRASSE 5", "Haupt-Str. 5", "10115"])
def test_a_street_is_found_in_its_short_forms(written: str) -> None:
    redaction = _redaction("Maria Lopez", address="Hauptstraße 5, Berlin", postal_code="10115")

    assert redaction.text(f"I live at {written} in Berlin") == "I live at [contact] in Berlin"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Will Page", "We will page the team and price a long list"),
        ("Bo Li", "bo li"),
        ("Lena Chen", "Kitchen/Bath, kitchens"),
        ("Jane Doe", "What We Do"),
        ("Ann Noe", "No degree needed"),
        ("Ludwig van der Berg", "Von Anfang an; van der Waals"),
        ("Maria Lopez", "Node.js/Express, ASP.NET/C#, CI/CD, @angular/core, e.g. this"),
    ],
)
def test_what_only_looks_like_a_name_stays(name: str, text: str) -> None:
    assert _redaction(name).text(text) == text


@pytest.mark.parametrize(
    "part", ["a.", "a-", "1-", "a@", "a.a@", "lopez.", "lopez_", "ü.", "Hauptstrasse  ", "www.", "1 ", "-", "lopez-"]
)
def test_hostile_length_does_not_slow_it_down(part: str) -> None:
    redaction = _redaction("Maria Lopez", phone="+49 170 1234567", address="Hauptstraße 5")
    short, long = (_seconds(redaction, f"Lopez {part * 200_000}"[:length]) for length in (20_000, 200_000))

    # Ten times the text; what tries everything twice would take a hundred times as long.
    assert long < 40 * max(short, 0.01)


def _seconds(redaction: Redaction, text: str) -> float:
    began = time.process_time()
    redaction.text(text)
    return time.process_time() - began
