"""The map itself: a Folium map whose scripts, styles and templates are ours."""

from collections.abc import Callable

import folium
from branca.element import Figure

from webapp.maps.script import ScriptLink, StyleLink, template

#: Scripts and styles below the static folder that every map needs, in this order.
VENDOR_JS = (
    ("leaflet", "vendor/leaflet/leaflet.js"),
    ("protomaps_leaflet", "vendor/protomaps-leaflet/protomaps-leaflet.js"),
)
VENDOR_CSS = (("leaflet_css", "vendor/leaflet/leaflet.css"), ("map_css", "css/map.css"))


def plain_url(path: str) -> str:
    """Return the address of a file of the static folder, without a hash."""
    return f"/static/{path}"


class PatrolMap(folium.Map):
    """A map of GridPatrol, without tiles until elements are added.

    Parameters
    ----------
    center
        (lon, lat) in EPSG:4326 of the first view.
    zoom
        Zoom of the first view.
    bounds
        West, south, east, north to show first instead of `center` and `zoom`. An address with ``at=`` wins
        over both.
    key
        Ends the id of the map's element, ``patrol_map_<key>``; unique in the page.
    twin
        Whether it is the page's second map, which goes where the first goes: its place is not kept in the
        address, its parts are named ``twin:<part>``, and its script must stand before the first map's.
    asset_url
        Gives the address of a file of the static folder; a page passes its ``url_for`` so that addresses
        carry the file's hash. Script modules never do: they import one another by relative addresses.
    """

    # Folium's own lists name CDNs; ours are added in `render`, with the nonce.
    default_js = []  # noqa: RUF012  never changed
    default_css = []  # noqa: RUF012

    _template = template(
        """
        {% macro html(this, kwargs) %}
        <div class="folium-map{{ ' folium-map--twin' if this.twin }}" id="{{ this.get_name() }}"
          tabindex="0" role="application"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        import { createMap, keepPart, {{ this.announce }} } from {{
          this.module_url("map/registry.js") | to_script }};
        const {{ this.get_name() }} = createMap({{ this.get_name() | to_script }},
          {{ this.view | only_given | to_script }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        *,
        center: tuple[float, float],
        zoom: int = 15,
        bounds: tuple[float, float, float, float] | None = None,
        min_zoom: int = 9,
        max_zoom: int = 19,
        key: str = "main",
        twin: bool = False,
        asset_url: Callable[[str], str] = plain_url,
    ) -> None:
        lon, lat = center
        super().__init__(location=(lat, lon), zoom_start=zoom, tiles=None)
        if not key.isidentifier():
            msg = f"the key of a map must be an identifier, not {key!r}"
            raise ValueError(msg)
        self._name, self._id = "PatrolMap", key
        self.asset_url, self.twin = asset_url, twin
        self.view = {
            "center": [lat, lon],
            "zoom": zoom,
            "bounds": None if bounds is None else list(bounds),
            "minZoom": min_zoom,
            "maxZoom": max_zoom,
            "twin": True if twin else None,
        }

    @property
    def announce(self) -> str:
        """Return the function of map/registry.js that tells the page's modules of the map."""
        return "announceTwin" if self.twin else "announceMap"

    def module_url(self, path: str) -> str:
        """Return the address of an ES module below static/js."""
        return plain_url(f"js/{path}")

    def render(self, **kwargs: object) -> None:  # type: ignore[override]  # as folium.Map
        """Put the parts of the map and of its elements into the figure."""
        figure = self.get_root()
        if not isinstance(figure, Figure):
            raise TypeError("a map is rendered inside a figure")
        for name, path in VENDOR_CSS:
            figure.header.add_child(StyleLink(self.asset_url(path)), name=name)
        for name, path in VENDOR_JS:
            figure.header.add_child(ScriptLink(self.asset_url(path)), name=name)
        super().render(**kwargs)  # type: ignore[no-untyped-call]
