"""How to reach the person, as JSON Resume's `basics` and its relatives write it."""

import re
from collections.abc import Mapping

from jobwise.profiles import limits
from jobwise.profiles.content import Contact, Link
from jobwise.profiles.importers.reading import Entry
from jobwise.profiles.web import is_email, web_address

_NETWORKS = {"github": "GitHub", "gitlab": "GitLab", "linkedin": "LinkedIn", "xing": "XING", "twitter": "Twitter"}


def read_contact(basics: Entry) -> Contact:
    """Take what says how to reach the person from the entry `basics`."""
    place, address = _location(basics)
    return Contact(
        email=_email(basics),
        phone=basics.text("phone", "telephone", "mobile", limit=limits.TINY),
        url=basics.url("url", "website", "homepage"),
        links=_links(basics),
        city=place,
        **address,
    )


def _email(basics: Entry) -> str:
    path, value = basics.take("email", "mail")
    if isinstance(value, list):
        for n, other in enumerate(value[1:], 1):
            basics.reading.keep(f"{path}[{n}]", other, "The profile has one e-mail address; this one is kept.")
        value = value[0] if value else None
    text = basics.reading.text(path, value, limits.EMAIL).removeprefix("mailto:")
    if text and not is_email(text):
        basics.reading.skip(path, value, "This is not an e-mail address: it would read like name@example.com.")
        return ""
    return text


def _location(basics: Entry) -> tuple[str, dict[str, str]]:
    path, value = basics.take("location", "address")
    if not isinstance(value, Mapping):
        return basics.reading.text(path, value, limits.SHORT), {}
    place = Entry(basics.reading, path, value)
    country = place.text("countryCode", "country")
    region = place.text("region", "state", "province")
    if not re.fullmatch("[A-Za-z]{2}", country):
        region, country = ", ".join(filter(None, (region, country)))[: limits.SHORT], ""
    city = place.text("city", "town", "locality")
    rest = {
        "address": place.text("address", "street"),
        "postal_code": place.text("postalCode", "zip", "zipCode", limit=limits.TINY),
    }
    place.close()
    return city, {**rest, "region": region, "country_code": country.upper()}


def _links(basics: Entry) -> tuple[Link, ...]:
    links = []
    for entry in basics.entries("profiles", "links", "social", most=limits.LINKS, main="network", other="url"):
        if entry.data.keys() == {"network"}:  # A bare text: it is the address.
            url, network = entry.url("network"), ""
        else:
            url, network = entry.url("url", "website", "link"), entry.text("network", "name", "site", limit=limits.TINY)
        links.append(Link(network=network or _network(url), username=entry.text("username", "user", "handle"), url=url))
    links += (_named_link(basics, name) for name in ("linkedin", "github", "gitlab", "twitter"))
    return tuple(link for link in links if link.url or link.username)[: limits.LINKS]


def _named_link(basics: Entry, name: str) -> Link:
    path, value = basics.take(name)
    text = basics.reading.text(path, value, limits.URL)
    address = web_address(text) if "/" in text else ""
    return Link(network=_NETWORKS[name], username="" if address else text[: limits.TINY], url=address)


def _network(url: str) -> str:
    host = re.match(r"https?://(?:[a-z]+\.)?([a-z]+)\.[a-z]+(?:/|$)", url)
    return _NETWORKS.get(host[1], "") if host else ""
