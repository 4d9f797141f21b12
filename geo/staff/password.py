"""Passwords: argon2id hashes and random ones that can be read aloud."""

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: No 0/o, 1/l/i: printed passwords are typed by hand.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
#: 16 letters of 31 are 79 bits.
LENGTH = 16
MINIMUM_LENGTH = 12

_hasher = PasswordHasher()


def random_password() -> str:
    """Return a random password in groups of four, such as ``kf7m-2xqa-...``."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, LENGTH, 4))


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password` with the library's present parameters."""
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Tell whether `password` belongs to the hash.

    Without a hash (unknown login) a decoy is verified, so that the answer takes as long.
    """
    try:
        return _hasher.verify(password_hash or _decoy(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash(random_password())
