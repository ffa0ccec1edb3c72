import asyncio

import pytest

from jobwise.accounts import passwords


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Short1a", "at least 8 characters"),
        ("no-upper-1", "an upper-case letter"),
        ("NO-LOWER-1", "a lower-case letter"),
        ("No-digits-here", "a digit"),
        ("X1a" * 100, "at most 200 characters"),
    ],
)
def test_a_weak_password_is_told_what_it_lacks(password: str, missing: str) -> None:
    assert missing in passwords.weaknesses(password)


@pytest.mark.parametrize("password", ["Correct1horse", "Ünïcode8ß", "A b c d 1 2 3"])
def test_a_good_password_has_no_weakness(password: str) -> None:
    assert passwords.weaknesses(password) == ""


async def test_a_password_belongs_to_its_hash_however_its_accents_were_typed() -> None:
    stored = await passwords.hash_password("Caf\u00e9-1234")

    assert stored.startswith("$argon2id$")
    assert await passwords.verify("Cafe\u0301-1234", stored)
    assert not await passwords.verify("Cafe-1234", stored)


@pytest.mark.parametrize("stored", [None, "", "-", "$argon2id$broken"])
async def test_nothing_belongs_to_no_hash_or_a_broken_one(stored: str | None) -> None:
    assert not await passwords.verify("the password of nobody", stored)


def test_checking_the_password_of_nobody_is_the_work_of_any_other_check() -> None:
    assert not passwords.is_outdated(passwords._NOBODYS_HASH)


async def test_hashing_leaves_the_event_loop_free() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await asyncio.gather(*(passwords.hash_password("Correct1horse") for _ in range(3)))
    counting.cancel()

    assert turns > 10


def test_a_hash_with_older_parameters_is_outdated() -> None:
    assert passwords.is_outdated("$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
