"""Web and e-mail addresses, as far as their shape says."""

import re
from urllib.parse import urlsplit

_BARE_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>()\[\],;]{1,64}@[^\s@<>()\[\],;]+\.[^\s@<>()\[\],;.]{2,}")


def web_address(text: str) -> str:
    """`text` as an http(s) address without blanks, or empty if it is none. One without its scheme gets https."""
    text = text.strip()
    if re.match(r"https?://", text, re.IGNORECASE):
        address = text
    elif _BARE_HOST.fullmatch(text):
        address = f"https://{text}"
    else:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.hostname and not re.search(r"\s", address) else ""


def is_email(text: str) -> bool:
    """Whether a contact's address looks like one; foreign letters are fine."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None
