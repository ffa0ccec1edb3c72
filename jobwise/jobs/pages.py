"""A web page's main text, and what a page is that is no posting."""

import re

from selectolax.lexbor import LexborHTMLParser

from jobwise.jobs.plain_text import node_to_text

_NOISE = (
    "script, style, noscript, template, svg, nav, footer, aside, form, iframe, button, select,"
    " [role=navigation], [role=banner], [role=contentinfo], [role=dialog], [aria-hidden=true], [hidden]"
)
_NOISE_NAME = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|breadcrumbs?|related|similar|share|sharing|social|newsletter|modal"
    r"|popup|sidebar|menu|navbar|nav|topbar|footer|header-nav|subscribe|signup|login|ads?|advert|recommended"
    r"|apply-?form|filters?)(?:[\s_-]|$)", re.IGNORECASE
)  # fmt: skip
_MAIN = (
    '[itemprop="description"]', '[class*="job-description"]', '[class*="jobDescription"]', '[id*="job-description"]',
    '[class*="job_description"]', '[class*="posting-content"]',
    '[class*="job-content"]', '[class*="listing-container"]', "article", "main", '[role="main"]',
    '[class*="description"]', "#content",
)  # fmt: skip


def main_text(page: LexborHTMLParser) -> str:
    """A page's main text: the most likely element with enough text, else the body without what surrounds it."""
    for node in page.css(_NOISE):
        node.decompose()
    for node in page.css("[class], [id]"):
        name = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if (
            node.tag not in {"html", "body", "main", "article"}
            and _NOISE_NAME.search(name)
            and len(node.css("h1")) == 0
        ):
            node.decompose()
    for selector in _MAIN:
        texts = [node_to_text(node) for node in page.css(selector)]
        longest = max(texts, key=len, default="")
        if len(longest.split()) >= 60:
            return longest
    return node_to_text(page.body)


_OTHER_PAGES = (
    (r"page (?:not found|could not be found|doesn['’]t exist)|\b404\b|seite nicht gefunden|page introuvable",
        "This is an error page, not a posting"),
    (r"no longer (?:available|accepting|active|open)|position has been filled|job (?:has )?expired|nicht"
        r" mehr verfügbar", "This page says that the position is no longer open"),
    (r"verify (?:that )?you(?:['’]re| are) (?:a )?human|captcha|are you a robot|unusual traffic|checking"
        r" your browser|just a moment", "This page asks whether you are human"),
    (r"(?:sign|log) ?in (?:to|or|with)|create an account|anmelden um|join (?:now )?to (?:see|view)|forgot"
        r" (?:your )?password", "This page asks to sign in"),
    (r"enable (?:java ?script|cookies)|javascript (?:is )?(?:required|disabled)",
        "This page shows nothing without JavaScript"),
    (r"we use cookies|accept (?:all )?cookies|cookie (?:settings|preferences|policy)",
        "This page shows only its cookie notice"),
    (r"access denied|forbidden|\b403\b", "This page refused to be read"),
)  # fmt: skip


def why_no_posting(text: str, title: str = "") -> str:
    """What a short text is, where it is an error page, a login or the like; empty where it may be a posting."""
    if len(text.split()) >= 150:
        return ""
    said = f"{title}\n{text}"
    return next((reason for pattern, reason in _OTHER_PAGES if re.search(pattern, said, re.IGNORECASE)), "")
