"""Accounts and what they may do where; posts that people hold on areas."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned


class Account(Versioned, Stamped, Base):
    """A person who signs in. Raising `session_epoch` ends all of the account's sessions.

    `password_is_temporary`: another person knows it; its holder must choose his own before anything
    else. `entrusted_at`, `entrusted_by`: when and who of the administrators last made the account,
    gave it a role or a password; empty where nobody did. `confirmed_by`: the second
    person who knows that it is who it should be.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    login: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column()
    # Written, never read: the application's role has it through `geo.staff.queries.password_hash` alone.
    password_hash: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)
    locale: Mapped[str] = mapped_column(server_default="zh")
    active: Mapped[bool] = mapped_column(server_default="true")
    session_epoch: Mapped[int] = mapped_column(Integer, server_default="1")
    last_login_at: Mapped[datetime | None] = mapped_column()
    password_is_temporary: Mapped[bool] = mapped_column(server_default="false")
    entrusted_at: Mapped[datetime | None] = mapped_column()
    entrusted_by: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    # Nobody types capitals in a login twice the same.
    __table_args__ = (Index("uq_account_login", text("lower(login)"), unique=True),)


class AccountSession(Base):
    """One sign-in that still holds; signing out deletes its row.

    `key_digest` is the SHA-256 of the key in the cookie, so that nobody who reads this table can sign in
    with what he reads. `epoch` is the account's at the sign-in.
    """

    __tablename__ = "account_session"

    key_digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class Role(Base):
    """A named bundle of permissions; `home` is the room its holders land in."""

    __tablename__ = "role"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str] = mapped_column()
    name_en: Mapped[str] = mapped_column()
    home: Mapped[str] = mapped_column()
    rank: Mapped[int] = mapped_column(Integer)


class RolePermission(Base):
    """One permission of a role, such as ``household.view``."""

    __tablename__ = "role_permission"

    role_code: Mapped[str] = mapped_column(ForeignKey("role.code", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)


class AccountRole(Owned, Base):
    """An account holds a role over an area and everything below it."""

    __tablename__ = "account_role"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    role_code: Mapped[str] = mapped_column(ForeignKey("role.code"))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that a role is held once per area."""
        return (UniqueConstraint("account_id", "role_code", "area_id"),)


class Post(Owned, Versioned, Stamped, Base):
    """A post on an area (S4): captain, worker, police, mediator, ...; vacant when nobody holds it."""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column()
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    holder_name: Mapped[str | None] = mapped_column()
    full_time: Mapped[bool] = mapped_column(server_default="false")
    valid_from: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))
    valid_to: Mapped[date | None] = mapped_column()
    insurance_expires_on: Mapped[date | None] = mapped_column()

    @property
    def is_held(self) -> bool:
        """Tell whether somebody holds the post; else it is vacant."""
        return bool(self.holder_name) or self.account_id is not None

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that a grid has one active captain."""
        return (
            CheckConstraint(
                "kind IN ('captain', 'worker', 'police', 'mediator', 'informant', 'building_head', "
                "'volunteer', 'partner')",
                name="kind",
            ),
            Index(
                "uq_post_active_captain",
                "area_id",
                unique=True,
                postgresql_where=text("kind = 'captain' AND valid_to IS NULL"),
            ),
        )
