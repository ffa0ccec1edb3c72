"""People to act in tests."""

from uuid import uuid4

from jobwise.accounts.models import Session, User
from jobwise.accounts.service import Viewer


async def a_viewer(*, is_staff: bool = False) -> Viewer:
    """Somebody new with an account and an open session, without the time that a password takes."""
    user = await User.create(email=f"{uuid4().hex}@example.com", password_hash="-", is_staff=is_staff)
    session = await Session.create(user_id=user.id)
    return Viewer(user_id=user.id, is_staff=is_staff, session_id=session.id)
