"""Domain errors: a stable code and fields, never a message to be parsed.

The words a reader sees live in webapp, which maps ``code`` to a sentence in the reader's language.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal the product knows: what went wrong (`code`) and where (`fields`)."""

    status: ClassVar[int] = 422

    def __init__(self, code: str, /, **fields: Any) -> None:
        super().__init__(f"{code} {fields}" if fields else code)
        self.code = code
        self.fields = fields


class InvalidInput(DomainError):
    """What was sent cannot be used; `fields` says which part and why."""


class NotFound(DomainError):
    """The thing does not exist or lies outside the reader's scope (the two are not told apart)."""

    status = 404


class Forbidden(DomainError):
    """The actor lacks the permission for this act."""

    status = 403


class Conflict(DomainError):
    """Somebody else changed the thing meanwhile, or it is in a state that forbids the act."""

    status = 409


class NotEnough(DomainError):
    """There is too little to work with (no roads, no teams, too few incidents)."""


class Unavailable(DomainError):
    """A service the act needs does not answer."""

    status = 503


class SettingsError(DomainError):
    """A setting is missing or cannot be read; the process refuses to start."""


class JobCancelled(Exception):
    """Raised inside a job when a person cancelled it."""
