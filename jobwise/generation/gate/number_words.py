"""Numbers written as words, and the words around numbers, in the languages that letters are written in."""

from enum import Enum


class Hedge(Enum):
    """What a word before a number says about it."""

    OVER = "over"
    UNDER = "under"
    ABOUT = "about"


_UNITS = (
    "two:2 three:3 four:4 five:5 six:6 seven:7 eight:8 nine:9 ten:10 eleven:11 twelve:12 thirteen:13 fourteen:14 "
    "fifteen:15 sixteen:16 seventeen:17 eighteen:18 nineteen:19 twenty:20 thirty:30 forty:40 fifty:50 sixty:60 "
    "seventy:70 eighty:80 ninety:90 hundred:100 thousand:1000 million:1000000 billion:1000000000 dozen:12 zwei:2 "
    "drei:3 vier:4 fünf:5 sechs:6 sieben:7 acht:8 neun:9 zehn:10 elf:11 zwölf:12 fünfzehn:15 zwanzig:20 "
    "dreißig:30 vierzig:40 fünfzig:50 sechzig:60 siebzig:70 achtzig:80 neunzig:90 hundert:100 tausend:1000 "
    "dutzend:12 deux:2 trois:3 quatre:4 cinq:5 sept:7 huit:8 neuf:9 dix:10 onze:11 douze:12 quinze:15 vingt:20 "
    "trente:30 quarante:40 cinquante:50 soixante:60 tres:3 cuatro:4 cinco:5 seis:6 siete:7 ocho:8 "
    "nueve:9 diez:10 doce:12 veinte:20 treinta:30 cuarenta:40 cincuenta:50 cien:100 tre:3 quattro:4 cinque:5 "
    "sette:7 otto:8 nove:9 dieci:10 undici:11 dodici:12 venti:20 trenta:30 cento:100 três:3 quatro:4 sete:7 "
    "oito:8 dez:10 doze:12 vinte:20 trinta:30 twee:2 drie:3 vijf:5 zes:6 zeven:7 negen:9 tien:10 twaalf:12 "
    "twintig:20 dertig:30 honderd:100"
)
VALUES: dict[str, float] = {name: float(value) for name, value in (pair.split(":") for pair in _UNITS.split())}
_NAMES = "|".join(sorted(VALUES, key=len, reverse=True))
WORD_NUMBER = rf"\b(?:{_NAMES})(?:(?:\s|-)(?:and\s)?(?:{_NAMES}))*\b(?!-(?:way|fold\b|star|sided)|\s?[.)]\s?$)"

FRACTIONS = {
    r"two[- ]thirds|zwei drittel|deux tiers|dos tercios": 200 / 3,
    (
        r"(?:an?|one|by a) third(?![- ](?:party|parties|time|year|place))|um ein drittel|ein drittel|un tiers|"
        r"un tercio|un terzo"
    ): 100 / 3,
    r"three[- ]quarters|drei viertel": 75.0,
    r"(?:by an?|one) quarter(?! of (?:20|19))|um ein viertel|un quart": 25.0,
    (
        r"(?:in|by) half|half of|one[- ]half|halv(?:ed|ing|e|es)|halbier(?:t|te|ung|en)|um die hälfte|die hälfte|"
        r"(?:de|par) moitié|a la mitad|della metà|(?:by )?almost half|nearly half"
    ): 50.0,
}
"""Fractions in percent."""

FACTORS = {
    (
        r"doubl(?:ed|ing|e|es)|twofold|two-fold|twice|verdoppel(?:t|te|ung|n)|doublé|duplic(?:ó|ado|ar|ando)|"
        r"raddoppi\w+"
    ): 2.0,
    r"tripl(?:ed|ing|e|es)|threefold|three-fold|verdreifach\w+|triplé|triplic\w+": 3.0,
    r"quadrupl(?:ed|ing|e|es)|fourfold|vervierfach\w+": 4.0,
    r"tenfold|ten-fold|verzehnfach\w+": 10.0,
}

VAGUE = {
    r"dozens|dutzende\w*|docenas|dizaines|decine": 12.0,
    r"hundreds|hunderte\w*|cientos|centaines|centinaia|centenas": 100.0,
    r"thousands|tausende\w*|miles de|milliers|migliaia|milhares": 1_000.0,
    r"millions of|millionen von|millones de|des millions|milioni di|milhões de": 1_000_000.0,
    r"billions of": 1_000_000_000.0,
}

HEDGES = {
    (
        r"over|more than|above|at least|exceeding|upwards of|in excess of|beyond|über|mehr als|mindestens|plus de|"
        r"au moins|más de|al menos|oltre|più di|almeno|mais de|pelo menos|meer dan|ruim"
    ): Hedge.OVER,
    r"nearly|almost|close to|just under|fast|knapp|nahezu|presque|près de|casi|quasi|quase|bijna": Hedge.UNDER,
    (
        r"about|roughly|approximately|around|some|circa|ca\.|etwa|rund|ungefähr|environ|unos|unas|alrededor de|"
        r"cerca de|aproximadamente|ongeveer|approx\."
    ): Hedge.ABOUT,
}
