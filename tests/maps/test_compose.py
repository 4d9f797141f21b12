"""A composed map obeys the page's security policy and carries no data."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from webapp.maps import (
    BaseTiles,
    GridEditor,
    LayerControl,
    Legend,
    LocateButton,
    MapParts,
    PatrolMap,
    Picker,
    PlanRoutes,
    ScaleBar,
    VectorTiles,
    ZoomButtons,
    compose,
)
from webapp.maps.script import to_script

STATIC = Path(__file__).parents[2] / "static"
NONCE = "n0nce-of_the_page"
HOSTILE = [
    "</script><script>alert(1)</script>",
    "{{ this._parent }}",
    "{{{ 7 * 7 }}}",
    "{% for x in range(9) %}x{% endfor %}",
    "{# gone #}",
    "'\"\\`${1}",
    "line\u2028separator\u2029",
    "<!-- ",
    "青溪镇 & 桥东社区",
]


class Tags(HTMLParser):
    """Collects every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def full_map(title: str = "OpenStreetMap") -> PatrolMap:
    patrol_map = PatrolMap(center=(120.12, 30.27), bounds=(120.1, 30.2, 120.2, 30.3))
    elements = (
        LayerControl(),
        Legend(),
        BaseTiles(attribution=title),
        VectorTiles("areas", version=3),
        VectorTiles("dwellings", visible=False),
        ScaleBar(),
        ZoomButtons(),
        LocateButton(),
        Picker(),
        GridEditor(storage_key="studio.17"),
        PlanRoutes(url="/api/plans/1/routes"),
    )
    for element in elements:
        element.add_to(patrol_map)
    return patrol_map


@pytest.fixture
def parts() -> MapParts:
    return compose(full_map(), NONCE)


def test_every_script_and_style_carries_the_nonce(parts: MapParts) -> None:
    tags = Tags(parts.head + parts.body + parts.script).found
    guarded = [attributes for tag, attributes in tags if tag in {"script", "style", "link"}]
    assert len(guarded) >= 5
    assert {attributes.get("nonce") for attributes in guarded} == {NONCE}


def test_no_element_has_inline_style_or_handlers(parts: MapParts) -> None:
    for tag, attributes in Tags(parts.head + parts.body + parts.script).found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag


def test_nothing_comes_from_another_host(parts: MapParts) -> None:
    everything = parts.head + parts.body + parts.script
    assert not re.findall(r"(?:https?:)?//[\w.-]+\.\w+", everything)


def test_every_linked_file_and_module_is_in_static(parts: MapParts) -> None:
    addresses = re.findall(r"""(?:src|href|from)\s*=?\s*["'](/static/[^"']+)""", parts.head + parts.script)
    ours = [address for address in addresses if "/vendor/" not in address]
    assert len(ours) >= 10
    assert [address for address in ours if not (STATIC.parent / address.lstrip("/")).is_file()] == []


def test_vendored_files_are_listed_in_package_json(parts: MapParts) -> None:
    listed = json.loads((STATIC.parent / "package.json").read_text("utf-8"))["vendor"].values()
    linked = re.findall(r"/static/vendor/([^\"]+)", parts.head)
    assert len(linked) == 3
    assert set(linked) <= set(listed)


def test_every_mounted_function_is_exported_by_its_module(parts: MapParts) -> None:
    imports = re.findall(r"import \{ (\w+) as \w+ \} from \"/static/(js/[\w./]+)\"", parts.script)
    assert len(imports) == 11
    for name, module in imports:
        assert re.search(
            rf"^export (?:async )?function {name}\b", (STATIC / module).read_text("utf-8"), re.MULTILINE
        )


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_title_stays_a_string(title: str) -> None:
    script = str(compose(full_map(title), NONCE).script)
    assert script.count("<script") == 1
    assert script.count("</script>") == 1
    written = re.search(r'"attribution": ("(?:[^"\\]|\\.)*")', script)
    assert written is not None
    assert json.loads(written.group(1)) == title


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_values_in_scripts_read_back_as_they_were(title: str) -> None:
    value = {title: [title, {"a": {"b": {}}}, None, 1.5]}
    assert json.loads(to_script(value)) == value


def test_a_number_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        to_script(float("nan"))


def test_layers_stand_before_the_elements_that_list_them(parts: MapParts) -> None:
    declared = [
        match.start() for match in re.finditer(r"const (?:base_tiles|vector_tiles)_\w+ =", parts.script)
    ]
    listed = parts.script.index("layers: [")
    assert len(declared) == 3
    assert max(declared) < listed


def test_the_map_is_announced_last(parts: MapParts) -> None:
    assert parts.script.rstrip().endswith("announceMap(patrol_map_main);</script>")


def test_a_twin_is_announced_as_such_and_names_its_parts() -> None:
    twin = PatrolMap(center=(120, 30), key="twin", twin=True)
    for element in (BaseTiles(), GridEditor(storage_key="studio.17")):
        element.add_to(twin)
    parts = compose(twin, NONCE)

    assert parts.script.rstrip().endswith("announceTwin(patrol_map_twin);</script>")
    assert "announceMap" not in parts.script
    assert set(re.findall(r'keepPart\("([\w:]+)"', parts.script)) == {"twin:tiles:base", "twin:editor"}
    assert '"twin": true' in parts.script
    assert 'class="folium-map folium-map--twin"' in parts.body


def test_composing_twice_gives_the_same_page() -> None:
    patrol_map = full_map()
    assert compose(patrol_map, NONCE) == compose(patrol_map, NONCE)


def test_center_is_given_as_lon_lat_and_handed_on_as_leaflet_wants_it(parts: MapParts) -> None:
    assert '"center": [30.27, 120.12]' in parts.script


def test_a_nonce_cannot_break_out_of_its_attribute() -> None:
    parts = compose(full_map(), '"><b>')
    assert "<b>" not in parts.head + parts.body + parts.script


def test_addresses_carry_the_hash_the_page_gives() -> None:
    patrol_map = PatrolMap(center=(0, 0), asset_url=lambda path: f"/static/{path}?v=abc")
    assert 'href="/static/css/map.css?v=abc"' in compose(patrol_map, NONCE).head


def test_an_element_outside_a_map_is_refused() -> None:
    with pytest.raises(TypeError, match="PatrolMap"):
        _ = Picker().map_name


def test_a_key_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(ValueError, match="identifier"):
        PatrolMap(center=(0, 0), key="a b")
