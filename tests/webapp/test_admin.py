"""The administrator's room: every tab, accounts within the own area only, the audit trail, exports."""

import csv
import io
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from shapely import box
from sqlalchemy import select

from core import audit
from core.audit import AuditEvent
from core.clock import now
from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_code, area_by_id
from geo.areas.service import NewArea, create_area
from geo.roads.models import RoadSection
from geo.staff.models import Account
from geo.staff.service import create_account, grant_role
from tests.conftest import PROJECT
from tests.patrols.street_town import add_streets
from tests.webapp.conftest import PASSWORD, World, form_token, sign_in_with
from webapp.administration import MEANINGS, SECRETS
from webapp.health import CHECKS
from webapp.sentences.acts import ACTS, CHECK_WORDS

TABS = ("system", "jobs", "accounts", "audit", "settings")


@pytest.fixture
def admin(sign_in) -> FlaskClient:
    """The administrator of the whole county."""
    return with_token(sign_in("admin"))


def with_token(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


def events(action: str) -> list[AuditEvent]:
    with transaction(Scope.everything()) as session:
        found = session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all()
        session.expunge_all()
        return list(found)


def account_of(login: str) -> Account:
    with transaction(Scope.everything()) as session:
        return session.scalars(select(Account).where(Account.login == login)).one()


def second_county() -> tuple[Area, int]:
    """Store a county the administrator has nothing to do with, and an account there."""
    with transaction(Scope.everything()) as session:
        county = create_area(session, NewArea("county", "880001", "邻县", box(120, 31, 120.02, 31.02)), None)
        account, _ = create_account(
            session, login="stranger", name="外人", role_code="dispatcher", area=county, password=PASSWORD
        )
        return county, account.id


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_stands_in_a_fresh_house(admin: FlaskClient, tab: str) -> None:
    answer = admin.get(f"/admin?view={tab}")

    assert answer.status_code == 200
    assert answer.text.count('aria-current="page"') == 2  # the room and the tab
    assert "/tiles/cameras/" in answer.text


def test_an_unknown_tab_is_not_found(admin: FlaskClient) -> None:
    assert admin.get("/admin?view=secrets").status_code == 404


@pytest.mark.parametrize("role", ["captain", "dispatcher", "leader", "boundary"])
def test_other_roles_are_refused(sign_in, role: str) -> None:
    client = with_token(sign_in(role))

    assert client.get("/admin").status_code == 403
    refused = client.post("/api/admin/accounts", json={})
    assert (refused.status_code, refused.json["code"]) == (403, "permission_missing")
    assert refused.content_type == "application/problem+json"


def test_what_an_auditor_may_not_ask_for_is_not_offered(admin: FlaskClient, sign_in) -> None:
    page = sign_in("auditor").get("/admin?view=audit").text
    assert "data-tray" not in page
    assert "data-search" not in page
    assert {"data-tray", "data-search"} <= set(
        re.findall(r"data-(?:tray|search)(?= |>)", admin.get("/admin").text)
    )


def test_an_auditor_reads_but_changes_nothing(sign_in) -> None:
    client = with_token(sign_in("auditor"))

    assert client.get("/admin?view=audit").status_code == 200
    page = client.get("/admin").text
    assert "view=accounts" not in page
    assert "/tiles/dwellings/" not in page
    assert client.get("/admin?view=accounts").status_code == 403
    assert client.post("/api/admin/accounts", json={}).status_code == 403
    assert client.post("/api/admin/sight-runs", json={}).status_code == 403
    assert client.get("/api/admin/accounts.csv").status_code == 403


def test_an_added_account_can_sign_in_with_the_password_told(admin: FlaskClient, world: World) -> None:
    sent = {
        "login": "new.leader",
        "name": "新领导",
        "role": "leader",
        "area": f"{world.town.county.code} 试验县",
    }

    made = admin.post("/api/admin/accounts", json=sent)

    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    guest = world.app.test_client()
    entered = sign_in_with(guest, "new.leader", made.json["password"])
    assert (entered.status_code, entered.headers["Location"].startswith("/login")) == (303, False)
    assert guest.get("/leader").headers["Location"] == "/account", "a password of his own comes first"
    (noted,) = events("account.create")[-1:]
    assert noted.fields["login"] == "new.leader"
    assert made.json["password"] not in str(noted.fields)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({"login": "x"}, 422, "login_unusable", id="login too short"),
        pytest.param({"login": "the-leader"}, 409, "login_taken", id="login taken"),
        pytest.param({"role": "emperor"}, 404, "role_unknown", id="role"),
        pytest.param({"area": "404404"}, 404, "area_unknown", id="area"),
        pytest.param({"area": "880001"}, 404, "area_unknown", id="another county"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    admin: FlaskClient, change: dict[str, str], status: int, code: str
) -> None:
    second_county()
    sent = {"login": "somebody", "name": "", "role": "leader", "area": "990001"} | change

    answer = admin.post("/api/admin/accounts", json=sent)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"


def test_a_new_password_ends_the_sessions_and_replaces_the_old_one(
    admin: FlaskClient, sign_in, world: World
) -> None:
    leader = sign_in("leader")
    assert leader.get("/leader").status_code == 200

    told = admin.post(f"/api/admin/accounts/{world.accounts['leader']}/password", json={}).json

    assert leader.get("/leader").status_code == 302
    assert "/login" in sign_in_refused(world, "the-leader", PASSWORD)
    assert sign_in_with(world.app.test_client(), "the-leader", told["password"]).status_code == 303


def sign_in_refused(world: World, login: str, password: str) -> str:
    client = world.app.test_client()
    sign_in_with(client, login, password)
    return client.get("/leader").headers["Location"]


def test_a_deactivated_account_is_out_at_once_and_may_come_back(
    admin: FlaskClient, sign_in, world: World
) -> None:
    leader = sign_in("leader")
    address = f"/api/admin/accounts/{world.accounts['leader']}/active"

    assert admin.put(address, json={"active": False}).json["active"] is False
    assert leader.get("/leader").status_code == 302
    assert "/login" in sign_in_refused(world, "the-leader", PASSWORD)
    assert admin.put(address, json={"active": True}).json["active"] is True
    assert sign_in("leader").get("/leader").status_code == 200
    assert len(events("account.deactivate")) == len(events("account.activate")) == 1


def test_nobody_shuts_himself_out(admin: FlaskClient, world: World) -> None:
    answer = admin.put(f"/api/admin/accounts/{world.accounts['admin']}/active", json={"active": False})

    assert (answer.status_code, answer.json["code"]) == (409, "account_own")
    assert account_of("the-admin").active


def test_active_must_be_true_or_false(admin: FlaskClient, world: World) -> None:
    answer = admin.put(f"/api/admin/accounts/{world.accounts['leader']}/active", json={"active": "no"})

    assert (answer.status_code, answer.json["code"]) == (422, "parameter_unusable")


def test_accounts_of_another_county_do_not_exist_here(admin: FlaskClient) -> None:
    _, stranger = second_county()

    assert "stranger" not in admin.get("/admin?view=accounts").text
    for answer in (
        admin.post(f"/api/admin/accounts/{stranger}/password", json={}),
        admin.put(f"/api/admin/accounts/{stranger}/active", json={"active": False}),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "account_unknown")
    assert account_of("stranger").active


def test_an_account_that_also_acts_elsewhere_is_not_taken_over(admin: FlaskClient, world: World) -> None:
    county, stranger = second_county()
    with transaction(Scope.everything()) as session:
        own = area_by_id(session, world.town.county.id)
        grant_role(session, session.get_one(Account, stranger), role_code="leader", area=own)

    answer = admin.post(f"/api/admin/accounts/{stranger}/password", json={})

    assert (answer.status_code, answer.json["code"]) == (403, "account_outside_area")
    assert sign_in_with(world.app.test_client(), "stranger", PASSWORD).status_code == 303
    page = admin.get("/admin?view=accounts").text
    assert "stranger" in page
    assert county.name not in page


def test_the_list_of_accounts_is_filtered_and_exported(admin: FlaskClient) -> None:
    page = admin.get("/admin?view=accounts&role=leader").text
    assert "the-leader" in page
    assert "the-captain" not in page

    rows = rows_of(admin.get("/api/admin/accounts.csv?q=THE-CAP"))

    assert [row["login"] for row in rows] == ["the-captain"]
    assert rows[0]["areas"] == "西网格"
    assert admin.get("/admin?view=accounts&state=gone").status_code == 422


def test_the_audit_trail_is_filtered_by_act_actor_and_day(admin: FlaskClient, sign_in) -> None:
    sign_in("leader")

    def found(query: str) -> list[dict[str, str]]:
        return rows_of(admin.get(f"/api/admin/audit.csv?{query}"))

    by_leader = found("actor=THE-leader")
    assert [row["action"] for row in by_leader] == ["account.sign_in"]
    assert len(found("action=account.sign_in")) == 2
    assert {row["actor"] for row in found("action=audit.export")} == {"the-admin"}
    assert found("to=2020-01-01") == []
    assert len(found("from=2020-01-01")) > 2
    wrong = admin.get("/api/admin/audit.csv?from=yesterday")
    assert (wrong.status_code, wrong.json["code"]) == (422, "parameter_unusable")


@pytest.mark.parametrize(
    ("locale", "wanted"),
    [
        pytest.param(
            "zh",
            ["用途：紧急帮助", "出行：步行 · 当班：否", "载入：重点场所 1、住户 3", "类型：入室盗窃"],
            id="zh",
        ),
        pytest.param(
            "en",
            [
                "Purpose: Urgent help",
                "on foot · on duty: no",
                "Key places 1, Households 3",
                "Types: Burglary",
            ],
            id="en",
        ),
    ],
)
def test_the_audit_trail_tells_particulars_in_words(
    admin: FlaskClient, world: World, locale: str, wanted: list[str]
) -> None:
    with transaction(Scope.everything()) as session:
        session.get_one(Account, world.accounts["admin"]).locale = locale
        county = area_by_code(session, "990001")
        audit.record(session, "household.reveal", subject=county, purpose="urgent")
        audit.record(session, "team.change", subject=county, mode="foot", active=False)
        audit.record(session, "household.import", subject=county, loaded={"household": 3, "place": 1})
        audit.record(session, "hotspots.requested", subject=county, types=["burglary"])

    page = admin.get("/admin?view=audit").text

    assert [words for words in wanted if words not in page] == []
    assert not {"purpose:", "urgent", "road_section", "burglary"} & set(re.split(r"[\s<>·]+", page))


def test_the_audit_trail_shows_only_acts_of_the_own_area(admin: FlaskClient) -> None:
    county, _ = second_county()
    with transaction(Scope.everything()) as session:
        audit.record(session, "demo.load", subject=area_by_code(session, county.code))

    assert rows_of(admin.get("/api/admin/audit.csv?action=demo.load")) == []
    assert "邻县" not in admin.get("/admin?view=audit").text


def test_a_long_audit_trail_is_paged_without_losing_an_act(admin: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        county = area_by_id(session, world.town.county.id)
        for number in range(120):
            audit.record(session, "team.change", subject=county, number=number)

    seen: list[int] = []
    address = "/admin?view=audit&action=team.change"
    while address:
        page = admin.get(address).text
        seen += [int(number) for number in re.findall(r"编号：(\d+)", page)]
        address = next_address(page)

    assert seen == list(range(119, -1, -1))


def next_address(page: str) -> str:
    """Return where the page's link to its next page leads, "" on the last one."""
    link = re.search(r'rel="next" href="(\?[^"]+)"', page)
    return "/admin" + link[1].replace("&amp;", "&") if link else ""


def sort_links(page: str) -> dict[str, tuple[str, str]]:
    """Return {column: (aria-sort, address)} of the headings that sort."""
    found = re.findall(
        r'<th scope="col"(?: aria-sort="(\w+)")?><a class="table__sort" id="sort-(\w+)" href="([^"#]+)#', page
    )
    return {column: (state, "/admin" + href.replace("&amp;", "&")) for state, column, href in found}


def walk(client: FlaskClient, address: str, pattern: str) -> list[str]:
    """Return what `pattern` finds on the page of `address` and on all pages that follow it."""
    found: list[str] = []
    while address:
        page = client.get(address).text
        found += re.findall(pattern, page)
        address = next_address(page)
    return found


@pytest.mark.parametrize(
    ("tab", "columns"),
    [
        pytest.param("jobs", ["job", "state", "asked", "ended"], id="jobs"),
        pytest.param("accounts", ["account", "role", "sign_in"], id="accounts"),
        pytest.param("audit", ["act", "when", "who", "where"], id="audit"),
    ],
)
def test_every_heading_sorts_and_turns_round_and_keeps_the_filter(
    admin: FlaskClient, world: World, tab: str, columns: list[str]
) -> None:
    add_run(world, "hotspots.find", "done")
    links = sort_links(admin.get(f"/admin?view={tab}&state=&actor=the-admin").text)
    assert list(links) == columns
    assert sum(state != "" for state, _ in links.values()) == 1

    for column, (state, address) in links.items():
        assert "actor=the-admin" in address
        once = sort_links(admin.get(address).text)[column]
        again = sort_links(admin.get(once[1]).text)[column]
        assert {once[0], again[0]} == {"ascending", "descending"}
        assert once[0] != state


def add_run(world: World, kind: str, state: str, *, ended: bool = False) -> None:
    county = world.town.county
    with transaction(Scope.everything()) as session:
        session.add(
            JobRun(
                kind=kind, queue="analysis", state=state, scope=[], county_id=county.id, area_id=county.id,
                area_path=county.path, finished_at=now() if ended else None,
            )
        )  # fmt: skip


def test_runs_are_sorted_by_the_course_of_their_life_and_exported_so(
    admin: FlaskClient, world: World
) -> None:
    for state in ("failed", "queued", "done", "running", "done"):
        add_run(world, "hotspots.find", state, ended=state in {"failed", "done"})

    def states(query: str) -> list[str]:
        return [row["state"] for row in rows_of(admin.get(f"/api/admin/jobs.csv?{query}"))]

    rising = ["queued", "running", "done", "done", "failed"]
    assert states("sort=state") == rising
    assert states("sort=-state") == rising[::-1]
    assert set(states("sort=-ended")[:2]) == {"queued", "running"}
    assert states("")[0] == "done"  # newest first


def test_a_sorted_list_is_paged_without_losing_or_repeating_a_row(admin: FlaskClient, world: World) -> None:
    for number in range(60):
        add_run(world, ("patrols.plan", "hotspots.find")[number % 2], "done", ended=number % 3 > 0)

    for sort in ("job", "-job", "ended", "-ended", "state"):
        seen = walk(admin, f"/admin?view=jobs&sort={sort}", r'data-run="(\d+)"')
        assert len(seen) == len(set(seen)) == 60, sort


def test_accounts_are_paged_and_sorted_by_the_sound_of_their_names(admin: FlaskClient, world: World) -> None:
    names = ("张三", "王五", "李四", "赵六", "陈七")
    with transaction(Scope.everything()) as session:
        area = area_by_id(session, world.town.county.id)
        for number in range(55):
            account = Account(login=f"many{number:02d}", name=names[number % 5], password_hash="none")
            session.add(account)
            session.flush()
            grant_role(session, account, role_code="leader", area=area)

    seen = walk(admin, "/admin?view=accounts&q=many&sort=account", r'<th scope="row">(\S+) ')

    assert len(seen) == 55
    assert list(dict.fromkeys(seen)) == ["陈七", "李四", "王五", "张三", "赵六"]
    rows = rows_of(admin.get("/api/admin/accounts.csv?sort=-account&q=many"))
    assert list(dict.fromkeys(row["name"] for row in rows)) == ["赵六", "张三", "王五", "李四", "陈七"]
    by_role = [row["roles"] for row in rows_of(admin.get("/api/admin/accounts.csv?sort=role"))]
    assert by_role.index("admin") != by_role.index("leader")
    assert by_role == [role for role in dict.fromkeys(by_role) for _ in range(by_role.count(role))]


def test_who_never_signed_in_comes_last_of_the_latest(admin: FlaskClient) -> None:
    rows = rows_of(admin.get("/api/admin/accounts.csv?sort=-sign_in"))

    assert rows[0]["login"] == "the-admin"
    assert rows[-1]["last_sign_in"] == ""


@pytest.mark.parametrize("tab", ["jobs", "accounts", "audit"])
def test_an_unknown_order_is_refused_in_words(admin: FlaskClient, tab: str) -> None:
    page = admin.get(f"/admin?view={tab}&sort=password_hash")
    file = admin.get(f"/api/admin/{tab}.csv?sort=password_hash")

    assert (page.status_code, file.status_code, file.json["code"]) == (422, 422, "parameter_unusable")


def test_exports_are_logged_and_safe_in_spreadsheets(admin: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        session.get_one(Account, world.accounts["captain"]).name = '=HYPERLINK("x")'

    rows = rows_of(admin.get("/api/admin/accounts.csv"))

    assert '\'=HYPERLINK("x")' in {row["name"] for row in rows}
    assert len(events("account.export")) == 1


def test_camera_views_are_computed_on_request(admin: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        add_streets(session, area_by_id(session, world.town.county.id))

    started = admin.post("/api/admin/sight-runs", json={})

    assert started.status_code == 202
    execute(int(started.json["id"]))
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, int(started.json["id"]))
    # Without a camera there is nothing to compute, and the list says so in words.
    assert (run.state, run.error["code"]) == ("failed", "cameras_none")
    page = admin.get("/admin?view=jobs&state=failed").text
    assert "gridpatrol import cameras" in page


def test_jobs_are_filtered_and_exported(admin: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        county = world.town.county
        owner = {"county_id": county.id, "area_id": county.id, "area_path": county.path}
        for kind, state in (("hotspots.find", "done"), ("patrols.plan", "failed")):
            session.add(JobRun(kind=kind, queue="analysis", state=state, scope=[], **owner))

    assert [row["kind"] for row in rows_of(admin.get("/api/admin/jobs.csv?state=failed"))] == ["patrols.plan"]
    assert [row["state"] for row in rows_of(admin.get("/api/admin/jobs.csv?kind=hotspots.find"))] == ["done"]
    assert admin.get("/admin?view=jobs&state=lost").status_code == 422


def test_what_is_loaded_is_counted(admin: FlaskClient, world: World) -> None:
    with transaction(Scope.everything()) as session:
        add_streets(session, area_by_id(session, world.town.county.id))
        streets = len(session.scalars(select(RoadSection.id)).all())
    page = admin.get("/admin").text

    figures = re.findall(r'figure__value--small">([\d ]+)</div>', page)
    assert figures[:3] == ["2", "2", str(streets)]  # grids, dwellings, street sections


def test_settings_are_shown_without_secrets(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    page = admin.get("/admin?view=settings").text

    assert "GRIDPATROL_VISIT_INTERVAL_DAYS" in page
    assert "GRIDPATROL_SECRET_KEY" in page
    assert "tests-only-" not in page
    assert "postgresql+psycopg" not in page
    assert set(SECRETS) <= set(MEANINGS)


def test_every_act_and_check_has_words() -> None:
    tree = [path for floor in ("core", "geo", "incidents", "cameras", "patrols", "webapp")
            for path in (PROJECT / floor).rglob("*.py")]  # fmt: skip
    recorded = {act for path in tree for act in acts_in(path)}

    assert len(recorded) > 20
    assert recorded - set(ACTS) == set()
    assert set(CHECKS) == set(CHECK_WORDS)


def acts_in(path: Path) -> set[str]:
    text = path.read_text("utf-8")
    direct = re.findall(r'(?:audit\.record|_note)\(\s*\w+,\s*"([^"]+)"', text)
    chosen = re.findall(r'_note\(\s*\w+,\s*"([^"]+)" if \w+ else "([^"]+)"', text)
    return {*direct, *(act for pair in chosen for act in pair)}
