"""The elements a map is put together from: each mounts one ES module of static/js/map.

Every element writes one import and one call. The mounted part is kept under the element's `part` name, by
which page modules find it: ``const { parts } = await mapReady; parts.get("routes")`` (map/registry.js).
"""

from typing import Any, Literal

from branca.element import MacroElement

from webapp.maps.patrol_map import PatrolMap
from webapp.maps.script import template

Corner = Literal["topleft", "topright", "bottomleft", "bottomright"]


class MapElement(MacroElement):
    """An element that calls ``mount(map, options)`` of a module.

    Subclasses say `module` (below static/js), `mount` (its export) and `part`.
    """

    module: str
    mount: str
    part: str
    #: Whether the module is given the map's tile layers under ``layers``.
    takes_layers = False

    _template = template(
        """
        {% macro script(this, kwargs) %}
        import { {{ this.mount }} as mount_{{ this.get_name() }} } from {{ this.module_url | to_script }};
        const {{ this.get_name() }} = keepPart({{ this.part_name | to_script }},
          mount_{{ this.get_name() }}({{ this.map_name }}, {
            ...{{ this.options | only_given | to_script }},
            {% if this.takes_layers %}layers: [{{ this.layer_names | join(", ") }}],{% endif %}
          }));
        {% endmacro %}
        """
    )

    def __init__(self, **options: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = type(self).__name__
        self.options = options

    @property
    def patrol_map(self) -> PatrolMap:
        """Return the map the element was added to."""
        if not isinstance(self._parent, PatrolMap):
            msg = f"{self._name} must be added to a PatrolMap"
            raise TypeError(msg)
        return self._parent

    @property
    def map_name(self) -> str:
        """Return the map's variable in the script."""
        name: str = self.patrol_map.get_name()
        return name

    @property
    def part_name(self) -> str:
        """Return the name under which page modules find the mounted part."""
        return f"twin:{self.part}" if self.patrol_map.twin else self.part

    @property
    def module_url(self) -> str:
        """Return the address of the element's module."""
        return self.patrol_map.module_url(self.module)

    @property
    def layer_names(self) -> list[str]:
        """Return the variables of the map's tile layers, in the order they were added.

        Layers added after an element that lists them would not stand yet when the script runs: `compose` puts
        tile layers first.
        """
        children = self.patrol_map._children.values()  # noqa: SLF001  branca offers no other way
        return [child.get_name() for child in children if isinstance(child, VectorTiles)]


class VectorTiles(MapElement):
    """A layer of our own vector tiles, styled in the browser (static/js/map/data_style.js).

    Parameters
    ----------
    layer
        Name of the layer: areas, dwellings, cameras, camera_views, incidents, places, hotspots,
        listed, forecast_7, forecast_30, districts, drafts.
    visible
        Whether it is shown when the address does not say which layers are.
    version
        Version of the layer's data, part of the tiles' address, so that caches may keep them.
    attribution
        Plain text that names the source of the data.
    url
        Address of the tiles with ``{z}``, ``{x}`` and ``{y}``.
    """

    module = "map/vector_tiles.js"
    mount = "mountVectorTiles"

    def __init__(
        self,
        layer: str,
        *,
        visible: bool = True,
        version: int | str | None = None,
        attribution: str = "",
        url: str | None = None,
    ) -> None:
        address = url or f"/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"
        super().__init__(layer=layer, url=address, visible=visible, version=version, attribution=attribution)
        self.part = f"tiles:{layer}"


class BaseTiles(VectorTiles):
    """The base map: ground, water, buildings, roads and their names."""

    def __init__(
        self, *, version: int | str | None = None, attribution: str = "", url: str | None = None
    ) -> None:
        super().__init__("base", version=version, attribution=attribution, url=url)


class LayerControl(MapElement):
    """A list of the tile layers with their names; the choice is kept in the address."""

    module, mount, part, takes_layers = "map/layer_control.js", "mountLayerControl", "layer_control", True

    def __init__(self, *, position: Corner = "topleft", is_open: bool = False) -> None:
        super().__init__(position=position, open=is_open)


class Legend(MapElement):
    """The signs of the layers that are shown."""

    module, mount, part, takes_layers = "map/legend.js", "mountLegend", "legend", True

    def __init__(self, *, position: Corner = "topleft", is_open: bool = False) -> None:
        super().__init__(position=position, open=is_open)


class ScaleBar(MapElement):
    """A metric scale bar; on paper also the north arrow."""

    module, mount, part = "map/scale.js", "mountScale", "scale"

    def __init__(self, *, position: Corner = "bottomright") -> None:
        super().__init__(position=position)


class ZoomButtons(MapElement):
    """Zoom in and out; phones pinch instead and do not show them."""

    module, mount, part = "map/scale.js", "mountZoom", "zoom"

    def __init__(self, *, position: Corner = "bottomright") -> None:
        super().__init__(position=position)


class LocateButton(MapElement):
    """Show the person's own place with its accuracy; it is sent nowhere."""

    module, mount, part = "map/locate.js", "mountLocate", "locate"

    def __init__(self, *, position: Corner = "bottomright") -> None:
        super().__init__(position=position)


class Picker(MapElement):
    """Ask the server what is at the pressed place."""

    module, mount, part, takes_layers = "map/pick.js", "mountPicker", "picker", True

    def __init__(self, *, url: str = "/api/here") -> None:
        super().__init__(url=url)


class GridEditor(MapElement):
    """Draw and edit the grids of a change set by mouse, touch, keyboard or coordinates.

    Parameters
    ----------
    storage_key
        Names the person and the task, e.g. ``studio.17``: a line or polygon that is not sent yet is kept
        under it in the browser, and is seen by nobody else who signs in there.
    """

    module, mount, part = "map/grid_editor.js", "mountGridEditor", "editor"

    def __init__(self, *, storage_key: str, position: Corner = "topright") -> None:
        super().__init__(storageKey=storage_key, position=position)


class PlanRoutes(MapElement):
    """Routes and stops of a patrol plan, fetched as GeoJSON by the page or from `url` at once."""

    module, mount, part = "map/routes_layer.js", "mountPlanRoutes", "routes"

    def __init__(self, *, url: str | None = None) -> None:
        super().__init__(url=url)
