"""What postings and profiles are about, as texts for models that make vectors of them.

Nothing in them says whose profile it is. Of others, who are named in a posting or a profile, the names stay.
"""

import hashlib

from jobwise.jobs.models import UNTITLED
from jobwise.jobs.term_weights import profile_texts, profile_titles
from jobwise.profiles.content import ProfileContent
from jobwise.profiles.redaction import Redaction

#: Takes addresses and numbers away; nobody tells it the names of those whose they are.
_NOBODY = Redaction(ProfileContent(name=""))


def posting_text(title: str, description: str) -> str:
    """The posting without addresses and numbers of people; their names stay where they are."""
    return _NOBODY.text(f"{'' if title == UNTITLED else title}\n\n{description}".strip())


def profile_text(content: ProfileContent) -> str:
    """Titles first; without the name and how to reach the person. Empty where the profile tells nothing yet."""
    parts = [part for part in (*profile_titles(content), *profile_texts(content)) if part.strip()]
    return Redaction(content).text("\n".join(parts))


def hash_of(text: str) -> str:
    """By which a text is known again."""
    return hashlib.sha256(text.encode()).hexdigest()
