"""The atlas as a job on a real database: its pages, words, vectors and code; who may have it; stopping it."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import shapely
import zxingcpp
from click.testing import CliRunner
from flask.testing import FlaskClient
from geoalchemy2.shape import from_shape
from pypdf import PdfReader
from shapely import LineString, Point, box
from sqlalchemy import text

import core.settings
from cameras.models import Camera
from core.clock import now
from core.db import Scope, snapshot, transaction
from core.document import document_of_run, sweep_documents
from core.errors import InvalidInput, NotFound
from core.jobs import cancel, execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_code
from geo.areas.service import NewArea, create_area
from geo.atlas.content import Shown
from geo.households.models import Building
from geo.places.models import Place
from geo.roads.models import GroundCover, RoadSection
from geo.staff.models import Post
from tests.small_town import SmallTown, build_small_town
from tests.webapp.conftest import World, with_token
from webapp.cli import gridpatrol
from webapp.house.translations import compile_catalogues
from webapp.i18n import translations
from webapp.print.atlas import pages_of, plan
from webapp.print.jobs import request_atlas, wish_of


@pytest.fixture(scope="module", autouse=True)
def _chinese() -> None:
    compile_catalogues()
    translations.cache_clear()


def furnish(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        county = town.county.id
        west, east = session.get_one(Area, town.west.id), session.get_one(Area, town.east.id)
        lines = [
            ("人民路", "primary", [(118.998, 30.005), (119.022, 30.005)]),
            ("柳巷", "residential", [(119.003, 30.0005), (119.003, 30.0095)]),
            ("界河路", "tertiary", [(119.01, 29.998), (119.01, 30.012)]),
            (None, "service", [(119.006, 30.001), (119.006, 30.004)]),
        ]
        for k, (name, road_class, points) in enumerate(lines):
            session.add(
                RoadSection(
                    county_id=county, source_ref=f"osm:way/{k}#0", from_node=2 * k, to_node=2 * k + 1,
                    road_class=road_class, name=name, length_m=1.0,
                    geom=from_shape(LineString(points), srid=4326),
                )
            )  # fmt: skip
        for k in range(6):
            footprint = shapely.MultiPolygon(
                [box(119.001 + k * 0.001, 30.002, 119.0016 + k * 0.001, 30.0024)]
            )
            session.add(Building(county_id=county, kind="house", geom=from_shape(footprint, srid=4326)))
        lake = shapely.MultiPolygon([box(119.0045, 30.0065, 119.0085, 30.0085)])
        session.add(
            GroundCover(county_id=county, kind="water", name="清湖", geom=from_shape(lake, srid=4326))
        )
        for grid, name, lon in ((west, "青溪中学", 119.0045), (east, "东门旅馆", 119.0145)):
            owner = {"county_id": county, "area_id": grid.id, "area_path": grid.path}
            session.add(
                Place(kind="school", name=name, geom=from_shape(Point(lon, 30.003), srid=4326), **owner)
            )
            session.add(
                Camera(
                    name="路口", bearing_deg=45.0, geom=from_shape(Point(lon, 30.0045), srid=4326), **owner
                )
            )
        owner = {"county_id": county, "area_id": west.id, "area_path": west.path}
        session.add(Post(kind="worker", holder_name="周文", **owner))
        session.add(Post(kind="police", **owner))
        session.add(Post(kind="informant", holder_name="不可印出", **owner))


@pytest.fixture
def town(database) -> SmallTown:
    built = build_small_town()
    furnish(built)
    return built


def printed(area: Area, *, scope: str, actor: int, size: str = "A4", locale: str = "zh", shown=None) -> int:
    """Ask for an atlas, run it in this process, and return the id of the run."""
    with transaction(Scope((scope,)), actor_id=actor) as session:
        wish = wish_of(size, locale, shown or Shown())
        run_id = request_atlas(session, session.get_one(Area, area.id), wish).id
    execute(run_id)
    return run_id


def run_of(run_id: int) -> JobRun:
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, run_id)
        session.expunge(run)
        return run


def pdf_of(run_id: int) -> bytes:
    run = run_of(run_id)
    assert run.state == "done", run.error
    with transaction(Scope.everything()) as session:
        return bytes(document_of_run(session, run_id).content)


def picture_of(pdf: bytes) -> Any:
    """Return the first page at 200 dots an inch."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=200 / 72).to_pil()
    document.close()
    return picture


def words_of(page) -> str:
    return re.sub(r"\s+", "", page.extract_text())


def test_an_atlas_has_an_overview_and_a_sheet_a_grid(town: SmallTown) -> None:
    run_id = printed(town.community, scope=town.county.path, actor=town.drawer)
    pages = PdfReader(io.BytesIO(pdf_of(run_id))).pages

    assert len(pages) == 3
    assert run_of(run_id).result["pages"] == 3
    overview, west, east = map(words_of, pages)
    for word in ["南社区", "990001001001", "西网格", "东网格", "北社区", "空缺", "第1页，共3页"]:
        assert word in overview, word
    for word in [
        "西网格",
        "990001001001001",
        "东网格",
        "北社区",
        "人民路",
        "柳巷",
        "界河路",
        "清湖",
        "青溪中学",
        "网格员周文",
        "社区民警空缺",
        "其他岗位1",
        "四至",
        "1:",
        "CGCS2000",
        "OpenStreetMap",
    ]:
        assert word in west, word
    assert "东门旅馆" in east
    assert "东门旅馆" not in west, "a sheet shows the key places of its own grid only"
    for page in (overview, west, east):
        assert "不可印出" not in page, "an informant's name is never printed"
        assert "王小明" not in page
        assert "王**" not in page


@pytest.mark.parametrize(("size", "sides"), [("A4", (297, 210)), ("A3", (420, 297))])
def test_a_sheet_is_as_large_as_its_paper_and_without_pixels(town: SmallTown, size: str, sides) -> None:
    run_id = printed(town.west, scope=town.county.path, actor=town.drawer, size=size, locale="en")
    reader = PdfReader(io.BytesIO(pdf_of(run_id)))
    (page,) = reader.pages

    millimetres = sorted((float(page.mediabox.width) / 72 * 25.4, float(page.mediabox.height) / 72 * 25.4))
    assert millimetres == pytest.approx(sorted(sides), abs=0.1)
    assert list(page.images) == []
    kinds = {str(one.get_object()["/Subtype"]) for one in page["/Resources"].get("/XObject", {}).values()}
    assert "/Image" not in kinds
    fonts = [one.get_object() for one in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        described = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "CJK" in str(font["/BaseFont"])
        assert {"/FontFile2", "/FontFile3"} & set(described), "letters travel with the document"
    said = page.extract_text()
    for word in ("Neighbours", "Streets, metres within the grid", "Page 1 of 1", "vacant"):
        assert word in said


def test_the_scale_bar_measured_with_a_ruler_is_as_long_as_it_says(town: SmallTown) -> None:
    pdf = pypdfium2.PdfDocument(pdf_of(printed(town.west, scope=town.county.path, actor=town.drawer)))
    said = pdf[0].get_textpage().get_text_range()
    scale = int(re.search(r"1:(\d+)", said)[1])
    paths = [one for one in pdf[0].get_objects() if one.type == pypdfium2.raw.FPDF_PAGEOBJ_PATH]
    boxes = [[side / 72 * 25.4 for side in one.get_bounds()] for one in paths]

    # The dark parts of the bar, filled and without an outline: exactly as wide as they are drawn.
    parts = [right - left for left, low, right, high in boxes if abs(high - low - 1.3) < 0.01 and low < 20]
    assert len(parts) in {2, 3}
    count = {2: 4, 3: 5}[len(parts)]
    assert f"{round(parts[0] * count * scale / 1000)} m" in said
    assert parts[0] * count * scale / 1000 == pytest.approx(200, rel=1e-3)
    pdf.close()


def test_the_code_leads_to_the_form_of_the_grid(town: SmallTown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDPATROL_PUBLIC_URL", "https://wg.example.cn/")
    core.settings.settings.cache_clear()
    pdf = pdf_of(printed(town.west, scope=town.county.path, actor=town.drawer))

    picture = picture_of(pdf)
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == "https://wg.example.cn/report/990001001001001"
    assert "https://wg.example.cn/report/990001001001001" in words_of(PdfReader(io.BytesIO(pdf)).pages[0])


def test_without_a_form_there_is_no_code_and_no_word_of_one(town: SmallTown) -> None:
    pdf = pdf_of(printed(town.west, scope=town.county.path, actor=town.drawer))

    picture = picture_of(pdf)
    assert zxingcpp.read_barcodes(picture) == []
    words = words_of(PdfReader(io.BytesIO(pdf)).pages[0])
    assert "上报" not in words
    assert "二维码" not in words


def test_who_may_not_see_places_and_cameras_gets_a_sheet_without_them(town: SmallTown) -> None:
    shown = Shown(places=False, cameras=False, numbers=False)
    run_id = printed(town.west, scope=town.county.path, actor=town.drawer, shown=shown)

    said = words_of(PdfReader(io.BytesIO(pdf_of(run_id))).pages[0])
    assert "青溪中学" not in said
    assert "摄像机" not in said
    assert "学校" not in said, "nor are they in the legend"
    with transaction(Scope.everything()) as session:
        assert document_of_run(session, run_id).needs == ["atlas.print"]


def test_a_captain_prints_the_own_grid_and_no_other(town: SmallTown) -> None:
    run_id = printed(town.west, scope=town.west.path, actor=town.captain)
    assert "西网格" in words_of(PdfReader(io.BytesIO(pdf_of(run_id))).pages[0])

    for other in (town.east, town.community):
        with (
            transaction(Scope((town.west.path,)), actor_id=town.captain) as session,
            pytest.raises(NotFound) as no,
        ):
            request_atlas(session, session.get_one(Area, other.id), wish_of("A4", "zh", Shown()))
        assert no.value.code == "area_unknown"


def test_documents_of_other_areas_do_not_exist_for_a_reader(town: SmallTown) -> None:
    run_id = printed(town.east, scope=town.county.path, actor=town.drawer)

    with transaction(Scope((town.west.path,))) as session, pytest.raises(NotFound):
        document_of_run(session, run_id)
    with transaction(Scope((town.east.path,))) as session:
        assert document_of_run(session, run_id).name == "东网格 990001001001002 网格图册 A4.pdf"


def test_a_cancelled_atlas_stores_nothing(town: SmallTown, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        run_id = request_atlas(
            session, session.get_one(Area, town.community.id), wish_of("A4", "zh", Shown())
        ).id
    seen = []
    # The press is real; somebody cancels while the second page is on it.
    from webapp.print import atlas

    press = atlas.page_pdf

    def cancelled_meanwhile(html: str) -> bytes:
        seen.append(html)
        if len(seen) == 2:
            with transaction(Scope.everything()) as other:
                cancel(other, run_id)
        return press(html)

    monkeypatch.setattr(atlas, "page_pdf", cancelled_meanwhile)
    execute(run_id)

    assert (run_of(run_id).state, len(seen)) == ("cancelled", 2), "the third page is not begun"
    with transaction(Scope.everything()) as session:
        assert session.scalar(text("SELECT count(*) FROM document")) == 0


def test_a_second_attempt_replaces_what_the_first_has_stored(town: SmallTown) -> None:
    run_id = printed(town.west, scope=town.county.path, actor=town.drawer)
    with transaction(Scope.everything()) as session:
        session.execute(text("UPDATE job_run SET state = 'queued' WHERE id = :id"), {"id": run_id})
    execute(run_id)

    assert run_of(run_id).attempt == 2
    with transaction(Scope.everything()) as session:
        assert session.scalar(text("SELECT count(*) FROM document")) == 1


def test_too_large_an_atlas_is_refused_before_it_begins(
    town: SmallTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDPATROL_ATLAS_PAGES", "2")
    core.settings.settings.cache_clear()

    with (
        transaction(Scope((town.county.path,)), actor_id=town.drawer) as session,
        pytest.raises(InvalidInput) as no,
    ):
        request_atlas(session, session.get_one(Area, town.community.id), wish_of("A4", "zh", Shown()))
    assert (no.value.code, no.value.fields) == ("atlas_too_large", {"pages": 3, "limit": 2})


def test_there_is_no_atlas_of_a_county(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        with pytest.raises(InvalidInput) as no:
            request_atlas(session, session.get_one(Area, town.county.id), wish_of("A4", "zh", Shown()))
        assert no.value.code == "atlas_area_unusable"


def test_a_community_without_grids_and_streets_has_an_overview_that_says_so(database) -> None:
    town = build_small_town()
    with transaction(Scope.everything()) as session:
        north = session.query(Area).filter(Area.code == "990001001002").one()
    (page,) = PdfReader(io.BytesIO(pdf_of(printed(north, scope=town.county.path, actor=town.drawer)))).pages
    assert "尚未划分网格" in words_of(page)

    run_id = printed(town.east, scope=town.county.path, actor=town.drawer)
    east = words_of(PdfReader(io.BytesIO(pdf_of(run_id))).pages[0])
    for words in ("尚未设岗", "没有道路", "<5"):
        assert words in east


def test_more_grids_than_stand_beside_the_map_have_index_pages(database) -> None:
    town = build_small_town()
    width = 0.02 / 40
    with transaction(Scope.everything()) as session:
        north = area_by_code(session, "990001001002")
        for k in range(40):
            strip = box(119 + k * width, 30.01, 119 + (k + 1) * width, 30.02)
            create_area(
                session, NewArea("grid", f"990001001002{k + 1:03d}", f"北社区第{k + 1}网格", strip), north
            )
    with snapshot(Scope((town.county.path,))) as session:
        sheets = plan(session, area_by_code(session, "990001001002"))
        # A page is made when it is asked for: the forty grids are not.
        pages = pages_of(session, sheets, wish_of("A4", "zh", Shown()))
        overview, index = (PdfReader(io.BytesIO(next(pages).pdf)).pages[0].extract_text() for _ in range(2))
    assert sheets.count() == 41
    assert "索引见第 2 页" in overview
    assert "第 2 页，共 42 页" in index
    rows = re.findall(r"^(\d+) ?(990001001002\d{3}) ?(\S+?) ?空缺 ?0 ?(\d+)$", index, re.M)
    assert [(int(number), int(page)) for number, _, _, page in rows] == [(k, k + 2) for k in range(1, 41)]


def test_a_terminal_prints_to_a_file_and_keeps_what_is_there(town: SmallTown, tmp_path: Path) -> None:
    out = tmp_path / "west.pdf"
    arguments = ["atlas", "--area", "990001001001001", "--locale", "en", str(out)]
    done = CliRunner().invoke(gridpatrol, arguments)

    assert done.exit_code == 0, done.output
    assert "Neighbours" in PdfReader(out).pages[0].extract_text()
    again = CliRunner().invoke(gridpatrol, arguments)
    assert (again.exit_code, getattr(again.exception, "code", "")) == (1, "output_exists")


def test_documents_are_deleted_when_their_time_is_over(town: SmallTown) -> None:
    run_id = printed(town.west, scope=town.county.path, actor=town.drawer)
    with transaction(Scope.everything()) as session:
        assert sweep_documents(session) == 0
        document_of_run(session, run_id).expires_at = now() - timedelta(seconds=1)
    with transaction(Scope.everything()) as session, pytest.raises(NotFound):
        document_of_run(session, run_id)
    with transaction(Scope.everything()) as session:
        assert sweep_documents(session) == 1


SignIn = Callable[..., FlaskClient]


def asked(client: FlaskClient, area_id: int, **given: str):
    return with_token(client).post(f"/api/areas/{area_id}/atlas", json=given)


def test_a_page_asks_follows_and_fetches(world: World, sign_in: SignIn) -> None:
    client = sign_in("captain")
    answer = asked(client, world.town.west.id, size="A3")
    assert answer.status_code == 202, answer.text
    assert answer.json["title"] == "打印网格图册：西网格"
    execute(int(answer.json["id"]))

    job = client.get(f"/api/jobs/{answer.json['id']}").json
    assert (job["state"], job["result_is_file"]) == ("done", True)
    file = client.get(job["result_url"])
    assert (file.status_code, file.content_type) == (200, "application/pdf")
    assert "filename*=UTF-8''%E8%A5%BF%E7%BD%91%E6%A0%BC" in file.headers["Content-Disposition"]
    assert file.data.startswith(b"%PDF-")
    with transaction(Scope.everything()) as session:
        acts = session.scalars(
            text(
                "SELECT action FROM audit_event WHERE action LIKE 'atlas%' OR action LIKE 'document%' "
                "ORDER BY id"
            )
        ).all()
    assert acts == ["atlas.requested", "document.export"]


@pytest.mark.parametrize(
    ("role", "place", "status"),
    [
        pytest.param("captain", "east", 404, id="another's-grid"),
        pytest.param("dispatcher", "west", 403, id="no-permission"),
        pytest.param("leader", "county", 422, id="no-sheet-of-a-county"),
    ],
)
def test_refusals_of_the_page(world: World, sign_in: SignIn, role: str, place: str, status: int) -> None:
    assert asked(sign_in(role), getattr(world.town, place).id).status_code == status


def test_a_document_is_handed_only_to_who_may_see_all_that_is_in_it(world: World, sign_in: SignIn) -> None:
    run_id = printed(world.town.west, scope=world.town.county.path, actor=world.accounts["boundary"])

    assert sign_in("leader").get(f"/documents/{run_id}").status_code == 200
    assert sign_in("dispatcher").get(f"/documents/{run_id}").status_code == 403, "no atlas.print"
    assert sign_in("captain").get("/documents/999999").status_code == 404


def test_unusable_paper_is_refused(world: World, sign_in: SignIn) -> None:
    answer = asked(sign_in("boundary"), world.town.west.id, size="A9")

    assert (answer.status_code, answer.json["code"]) == (422, "parameter_unusable")


def test_a_document_of_an_area_with_an_unseen_sign_in_its_name_is_handed_out(
    world: World,
    sign_in: SignIn,
) -> None:
    with transaction(Scope.everything()) as session:
        session.get_one(Area, world.town.west.id).name = "西\x01网\u202e格"
    run_id = printed(world.town.west, scope=world.town.county.path, actor=world.accounts["boundary"])

    answer = sign_in("leader").get(f"/documents/{run_id}")

    assert answer.status_code == 200
    told = answer.headers["Content-Disposition"]
    # A server refuses to send a header with a control sign, and says 500.
    assert told.isprintable()
    assert "%E8%A5%BF%E7%BD%91%E6%A0%BC" in told
