"""Contact details as lines of a document: copied, never rewritten; only shortened for the eye."""

import re

from jobwise.documents.content import ContactLine
from jobwise.profiles.content import Contact, Link

_SCHEME = re.compile(r"^https?://(?:www\.)?", re.IGNORECASE)
_ANY_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_MOST_LINKS = 4


def contact_lines(contact: Contact) -> tuple[ContactLine, ...]:
    """E-mail, phone, place and up to four links, in this order, each once."""
    lines = []
    if contact.email:
        lines.append(ContactLine(kind="email", text=contact.email, href=f"mailto:{contact.email}"))
    if contact.phone:
        lines.append(ContactLine(kind="phone", text=contact.phone, href=_tel(contact.phone)))
    place = ", ".join(part for part in (contact.city, contact.region, contact.country_code) if part)
    if place:
        lines.append(ContactLine(kind="place", text=place))
    links = [_link(contact.url), *(_profile_link(link) for link in contact.links)]
    unique = {line.text: line for line in links if line}
    return (*lines, *list(unique.values())[:_MOST_LINKS])


def _tel(phone: str) -> str:
    digits = re.sub(r"[^\d+]", "", phone)
    return f"tel:{digits}" if digits else ""


def _profile_link(link: Link) -> ContactLine | None:
    if link.url:
        return _link(link.url)
    handle = " ".join(part for part in (link.network, link.username) if part)
    return ContactLine(kind="link", text=handle) if link.username else None


def _link(url: str) -> ContactLine | None:
    """A web address without its scheme; anything but http is shown as text that leads nowhere."""
    address = url.strip()
    if not address:
        return None
    text = _SCHEME.sub("", address).rstrip("/")
    if _SCHEME.match(address):
        return ContactLine(kind="link", text=text, href=address)
    href = "" if _ANY_SCHEME.match(address) else f"https://{address}"
    return ContactLine(kind="link", text=text, href=href)
