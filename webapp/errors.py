"""Refusals that only HTTP knows."""

from core.errors import DomainError


class Unauthorised(DomainError):
    """Nobody is signed in, or the session has ended."""

    status = 401


class PreconditionMissing(DomainError):
    """A change was sent without the version it was made from."""

    status = 428
