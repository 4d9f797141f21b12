"""Code tables that the application only reads, and accounts that it may not change as it likes.

What a role may do is shipped with the product: a transaction of the application cannot widen it. Names and
logins of colleagues stand beside what they did, so everybody reads them; the hash of a password is had
through one function, one's own or by the system, and a row is changed by the system, its holder, or who
manages accounts and sees every area the account acts in.
"""

from alembic import op
from sqlalchemy.engine import make_url

from core.settings import settings

revision = "20261130_30"
down_revision = "20261130_26"
branch_labels = None
depends_on = None

READ_ONLY = ("role", "role_permission")
#: All columns of account but the hash. A column that is added later must be granted with it.
READ_OF_ACCOUNT = (
    "id", "login", "name", "locale", "active", "session_epoch", "last_login_at", "password_is_temporary",
    "entrusted_at", "entrusted_by", "confirmed_by", "created_at", "updated_at", "version_id",
)  # fmt: skip

# They read as the owner: the policies of account_role would hide what is held outside the scope.
FUNCTIONS = """
CREATE FUNCTION app_is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT app_scope() @> ''::ltree $$;

CREATE FUNCTION app_actor() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('gridpatrol.actor', true), '')::bigint $$;

CREATE FUNCTION app_manages_accounts() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM account_role AS h JOIN role_permission AS p USING (role_code)
                   WHERE h.account_id = app_actor() AND p.permission = 'account.manage')
$$;

CREATE FUNCTION app_manages_account(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT app_manages_accounts() AND coalesce(
        (SELECT bool_and(app_scope() @> area_path) FROM account_role WHERE account_id = wanted), false)
$$;

CREATE FUNCTION account_password(wanted bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT password_hash FROM account WHERE id = wanted AND (app_is_system() OR id = app_actor())
$$;
"""
GUARDED_FUNCTIONS = ("app_manages_accounts()", "app_manages_account(bigint)", "account_password(bigint)")

POLICIES = """
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_names ON account FOR SELECT USING (true);
CREATE POLICY add_by_manager ON account FOR INSERT
    WITH CHECK ((SELECT app_is_system()) OR (SELECT app_manages_accounts()));
CREATE POLICY change_own_or_managed ON account FOR UPDATE
    USING ((SELECT app_is_system()) OR id = (SELECT app_actor()) OR app_manages_account(id));

DROP POLICY in_scope ON account_role;
CREATE POLICY read_in_scope ON account_role FOR SELECT USING ((SELECT app_scope()) @> area_path);
CREATE POLICY grant_by_manager ON account_role FOR INSERT
    WITH CHECK ((SELECT app_scope()) @> area_path
                AND ((SELECT app_is_system()) OR (SELECT app_manages_accounts())));
CREATE POLICY move_in_scope ON account_role FOR UPDATE
    USING ((SELECT app_scope()) @> area_path) WITH CHECK ((SELECT app_scope()) @> area_path);
CREATE POLICY take_in_scope ON account_role FOR DELETE USING ((SELECT app_scope()) @> area_path);
"""


def _run(script: str) -> None:
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    role = _role()
    _run(FUNCTIONS)
    for function in GUARDED_FUNCTIONS:
        _run(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {function} TO {role}")
    _run(POLICIES)
    _run(f"REVOKE INSERT, UPDATE, DELETE ON {', '.join(READ_ONLY)} FROM {role}")
    _run(f"REVOKE SELECT, DELETE ON account FROM {role}")
    _run(f"GRANT SELECT ({', '.join(READ_OF_ACCOUNT)}) ON account TO {role}")
    # A grid that ends hands its roles on (geo.boundaries.publish); who holds which role is not changed.
    _run(f"REVOKE UPDATE ON account_role FROM {role}")
    _run(f"GRANT UPDATE (county_id, area_id, area_path) ON account_role TO {role}")


def downgrade() -> None:
    role = _role()
    _run(f"REVOKE SELECT ({', '.join(READ_OF_ACCOUNT)}) ON account FROM {role}")
    _run(f"GRANT SELECT, DELETE ON account TO {role}")
    _run(f"GRANT UPDATE ON account_role TO {role}")
    _run(f"GRANT INSERT, UPDATE, DELETE ON {', '.join(READ_ONLY)} TO {role}")
    for policy in ("read_in_scope", "grant_by_manager", "move_in_scope", "take_in_scope"):
        _run(f"DROP POLICY {policy} ON account_role")
    _run(
        "CREATE POLICY in_scope ON account_role USING ((SELECT app_scope()) @> area_path) "
        "WITH CHECK ((SELECT app_scope()) @> area_path)"
    )
    for policy in ("read_names", "add_by_manager", "change_own_or_managed"):
        _run(f"DROP POLICY {policy} ON account")
    _run("ALTER TABLE account DISABLE ROW LEVEL SECURITY")
    for function in (*GUARDED_FUNCTIONS, "app_actor()", "app_is_system()"):
        _run(f"DROP FUNCTION {function}")
