"""Salaries as postings state them: objects, numbers and words."""

import re
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from jobwise.jobs.json_ld import first, keyed


class PayInterval(StrEnum):
    """What a salary is paid for."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


class Salary(BaseModel):
    """What is paid, in units of `currency` (ISO 4217; empty where the posting names none) for each `interval`."""

    model_config = ConfigDict(frozen=True)

    min: float | None = None
    max: float | None = None
    currency: str = ""
    interval: PayInterval | None = None


def read_salary(value: Any) -> Salary | None:
    """A salary as an object, a number or words: `{minValue, maxValue, unitText}`, `50,000`, `$50k`, `USD 26-34 / hour`.

    Zero means unknown on some boards, so it is None here.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        return _salary_of(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _checked([float(value)], "", None)
    if not isinstance(value, str):
        return None
    return _checked(_amounts(value), _currency(value), _interval(value))


def _currency(text: str) -> str:
    """A code says more than a sign: `$180,000 CAD` is in Canadian dollars."""
    signs = list(_SIGN.finditer(text))
    code = next((sign[1] for sign in signs if sign[1]), "")
    return code or (_CURRENCIES.get(signs[0][2], "") if signs else "")


def _salary_of(value: dict[str, Any]) -> Salary | None:
    parts = keyed(value)
    inner = parts.get("value")
    amounts = keyed(inner) if isinstance(inner, dict) else parts
    numbers: list[float] = []
    for name in ("minvalue", "min", "minimumrange", "maxvalue", "max", "maximumrange"):
        numbers += _amounts(str(amounts.get(name) or ""))
    if not numbers:
        numbers = _amounts(str(amounts.get("value") or "")) if not isinstance(amounts.get("value"), dict) else []
    currency = str(
        first(parts, "currency", "salarycurrency", "currencycode")
        or first(amounts, "currency")
        or _currency(str(value))
    )
    unit = str(
        first(amounts, "unittext", "interval", "period", "rateintervalcode")
        or first(parts, "unittext", "interval")
        or ""
    )
    return _checked(numbers, _CURRENCIES.get(currency, currency.upper()[:3]), _interval(unit))


def _checked(amounts: list[float], currency: str, interval: PayInterval | None) -> Salary | None:
    amounts = [amount for amount in amounts if amount > 0][:2]
    if not amounts:
        return None
    if interval is None and max(amounts) >= 10_000:
        interval = PayInterval.YEAR
    return Salary(min=min(amounts), max=max(amounts), currency=currency, interval=interval)


def _interval(text: str) -> PayInterval | None:
    return next((interval for interval, pattern in _INTERVALS if pattern.search(text)), None)


def _amounts(text: str) -> list[float]:
    found = [(_amount(match[1]), bool(match[2])) for match in _AMOUNT.finditer(text)][:2]
    # In "75-85k" the k counts for both.
    thousands = bool(found) and found[-1][1]
    return [amount * 1000 if (is_k or thousands) and amount < 10_000 else amount for amount, is_k in found]


def _amount(written: str) -> float:
    written = re.sub(r"[’' \u00a0]", "", written)
    decimals = re.search(r"[.,](\d{1,2})$", written)
    whole = re.sub(r"[.,]", "", written[: decimals.start()] if decimals else written)
    return float(f"{whole}.{decimals[1]}" if decimals else whole)


_CURRENCIES = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "Kč": "CZK",
    "C$": "CAD", "CA$": "CAD", "A$": "AUD",
}  # fmt: skip
_CODES = (
    "USD|EUR|GBP|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|INR|JPY|SGD|ZAR|BRL|MXN|ILS|AED|SAR|KES|NGN|PHP|IDR"
    "|MYR|THB|VND|CNY|HKD|KRW"
)
_SIGN = re.compile(rf"(?<![A-Za-z])({_CODES})(?![A-Za-z])|(US\$|CA\$|C\$|A\$|[$€£¥₹]|zł|Kč)")
_AMOUNT = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:[.,'’ \u00a0]\d{3})+(?:[.,]\d{1,2})?|\d{1,7}(?:[.,]\d{1,2})?)\s?(k\b)?", re.IGNORECASE
)
_INTERVALS = (
    (PayInterval.HOUR, re.compile(r"hour|stunde|heure|hora|/ ?h\b|p\.?h\b|std", re.IGNORECASE)),
    (PayInterval.DAY, re.compile(r"\bday|\btag\b|täglich|\bjour|día|daily", re.IGNORECASE)),
    (PayInterval.WEEK, re.compile(r"week|woche|semaine", re.IGNORECASE)),
    (PayInterval.MONTH, re.compile(r"month|monat|mois|\bmes\b|\bmon\b", re.IGNORECASE)),
    (PayInterval.YEAR, re.compile(r"year|annual|annum|jahr|\ban\b|année|anual|año|yr|\bp\.?a\b", re.IGNORECASE)),
)


_PAY = re.compile(
    r"(?:(?:US\$|CA\$|[$€£₹])\s?\d[\d.,' ]{1,12}k?(?:\s?(?:USD|EUR|GBP|CAD))?\s?(?:-|–|—|to|and"
    r"|bis)\s?(?:[A-Z]{3}\s)?(?:US\$|CA\$|[$€£₹])?\s?\d[\d.,']{1,12}k?|(?:USD|EUR|GBP|CHF|CAD|AUD|SEK"
    r"|PLN)\s?\d[\d.,']{2,12}\s?(?:-|–|—|to|bis)\s?\d[\d.,']{2,12}"
    r"|\d[\d.,']{2,12}\s?(?:-|–|—|to|and|bis|und)\s?\d[\d.,']{2,12}\s?(?:€|£|euros?|USD|EUR|GBP|CHF|PLN|SEK))"
    r"[^\n]{0,40}",
    re.IGNORECASE,
)


def salary_in(text: str) -> Salary | None:
    """The salary range that a posting's text states; None where it states none."""
    match = _PAY.search(text)
    if not match:
        return None
    salary = read_salary(re.sub(r"\beuros?\b", "EUR", match[0], flags=re.IGNORECASE))
    # Sums of money in a posting are mostly turnover, budgets and prizes: a range that nobody is paid is not a salary.
    return (
        salary
        if salary
        and salary.max
        and salary.max >= 7
        and (salary.interval or salary.max < 1_000)
        and salary.max < 2_000_000
        else None
    )
