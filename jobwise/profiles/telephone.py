"""Finds telephone numbers in a text, in the formats in which people write them.

Found are numbers with `+` or `00`, with a national 0 and at least 9 digits, with an area code in parentheses, in the
groups of North America (555-123-4567) or in four pairs; behind a word such as Tel. or Mobile, any others too. Dates,
years, amounts and numbers that are called an id or a reference are not taken for one: what is wrongly found in a
profile could not be worded anew, and in a posting not be quoted.
"""

import re
from collections.abc import Iterator

# Each character has one in its place, so that positions stay.
_PLAIN = {
    **dict.fromkeys(map(ord, "\t\u00a0\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\uff0d"), "-"),
    **{ord(wide): chr(ord(wide) - 0xFEE0) for wide in "０１２３４５６７８９＋（）．／："},
}
#: Digits with whatever may stand between those of one number, or of two.
_RUN = re.compile(r"(?<![\w+])(?<!\d[.,])[+]?[(]?\d(?: ?(?:[-./()]{1,2} ?)?\d)*(?!(?!x)\w)")
_BETWEEN_TWO = re.compile(r" [-/] ")
_NAMED = re.compile(
    r"(?:\b(?:tel|tele?fono?|t[ée]l[ée]phone|telephone|phone|telefoon|ph|fax|handy|mob|mobile?|mobiel|m[óo]vil|gsm|cell"
    r"|whatsapp|sms)\b|电话|電話|携帯)"
    r"(?:[ .-]{0,2}(?:number|nummer|no|nr|phone|us|on|at)\b){0,2}(?P<mark>[ .:/]{0,3})$"
    r"|(?:^|[^\w&.])(?-i:[TMPF])[.:] ?$",
    re.IGNORECASE,
)
_CALLED_A_REFERENCE = re.compile(
    r"(?:#|\b(?:id|ids|ref|reference|referenz|req|requisition|code|kennziffer|kennung|isbn|iban|version|sku"
    r"|(?:job|stellen|posting|ticket|order|case)[ -]?(?:nummer|number|nr|no)?)\b)[ .:#-]{0,3}$|\w[-_/]$",
    re.IGNORECASE,
)
_LOOK_BACK = 32

_FEWEST, _MOST = 7, 15
_FEWEST_AFTER_NAME = 6
#: Behind a plus, more are nobody's growth.
_MOST_OF_AMOUNT = 9
_FEWEST_NATIONAL = 9
_DATE = re.compile(r"(?<!\d)(?:\d{1,2}[./-]){1,2}(?:19|20)\d\d(?!\d)|(?<!\d)(?:19|20)\d\d[./-]\d\d(?!\d)")
_YEARS = re.compile(r"(?:19|20)\d\d(?:\D{1,3}(?:19|20)\d\d)*")
_AMOUNT = re.compile(r"[1-9]\d{0,2}(?:[ .]\d{3})+(?: ?- ?[1-9]\d{0,2}(?:[ .]\d{3})+)?")
_INTERNATIONAL = re.compile(r"\+[1-9(]|00[1-9]")
_NATIONAL = re.compile(r"(?:0[1-9]\d{0,4}|\(0[1-9]\d{0,4}\))(?: ?[-/] ?| ?)[\d(](?:[ ./-]?\d)*|0[1-9](?:[ ./-]?\d)*")
_AREA_CODE = re.compile(r"(?:1[ .-]?)?\((?!(?:19|20)\d\d\))[1-9]\d{1,3}\)[ .-]?\d{3,5}(?:[ .-]\d{2,5}){0,2}")
_NORTH_AMERICAN = re.compile(r"(?:1[ .-])?\(?[2-9]\d\d[ .-]\d{3}[ .-]\d{4}")
_PAIRS = re.compile(r"[2-9]\d(?: \d\d){3}")


def any_format_of(number: str) -> re.Pattern[str] | None:
    """Finds a number however it is written, with or without what stands before its last digits; None for short ones."""
    digits = [letter for letter in number.translate(_PLAIN) if letter.isdigit()]
    if len(digits) < _FEWEST:
        return None
    end = r"\W{0,3}".join(digits[-_FEWEST:])
    return re.compile(rf"(?<!\d)[+(]{{0,2}}(?:\d\W{{0,3}}){{0,8}}{end}(?!\d)")


def numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where telephone numbers stand in a text."""
    plain = text.translate(_PLAIN)
    for run in _RUN.finditer(plain):
        start, end = run.span()
        if plain[start] == "(" and ")" not in run.group():
            start += 1
        if _is_number(plain, start, end):
            yield start, end
            continue
        gaps = [gap.span() for gap in _BETWEEN_TWO.finditer(plain, start, end)]
        starts, ends = [start, *(after for _, after in gaps)], [*(before for before, _ in gaps), end]
        yield from (span for span in zip(starts, ends, strict=True) if _is_number(plain, *span))


def _is_number(text: str, start: int, end: int) -> bool:
    run, before = text[start:end], text[max(0, start - _LOOK_BACK) : start]
    count = sum(letter.isdigit() for letter in run)
    if not _FEWEST_AFTER_NAME <= count <= _MOST or _YEARS.fullmatch(run) or _DATE.search(run):
        return False
    if named := _NAMED.search(before):
        return bool((named["mark"] or ":").strip()) or not _AMOUNT.fullmatch(run)
    if count < _FEWEST or _AMOUNT.fullmatch(run) or _CALLED_A_REFERENCE.search(before):
        return False
    if _INTERNATIONAL.match(run):
        fewest = _FEWEST + 1 if run.startswith("+") else _FEWEST + 3
        return count > _MOST_OF_AMOUNT or (count >= fewest and not _AMOUNT.fullmatch(run[1:]))
    if count >= _FEWEST_NATIONAL and _NATIONAL.fullmatch(run):
        return True
    return any(shape.fullmatch(run) for shape in (_AREA_CODE, _NORTH_AMERICAN, _PAIRS))
