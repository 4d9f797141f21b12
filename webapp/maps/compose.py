"""Turning a map into the three parts a page template places."""

from dataclasses import dataclass

from branca.element import Element, Figure
from markupsafe import Markup, escape

from webapp.maps.elements import VectorTiles
from webapp.maps.patrol_map import PatrolMap


@dataclass(frozen=True, slots=True)
class MapParts:
    """Markup of a composed map: links for the head, the map's element, and its one script."""

    head: Markup
    body: Markup
    script: Markup


def compose(patrol_map: PatrolMap, nonce: str) -> MapParts:
    """Return the parts of a map for a page whose content security policy names `nonce`.

    The script is one ES module. It makes the map, mounts every element in the order they were added (tile
    layers first, because other elements list them) and then announces the map to the page's own modules.
    """
    figure = patrol_map.get_root()
    if not isinstance(figure, Figure):
        raise TypeError("a map is composed inside its own figure")
    children = list(patrol_map._children.items())  # noqa: SLF001  branca offers no other way to order them
    children.sort(key=lambda item: not isinstance(item[1], VectorTiles))
    patrol_map._children.clear()  # noqa: SLF001
    patrol_map._children.update(children)  # noqa: SLF001
    figure.header, figure.html, figure.script = (_part_of(figure) for _ in range(3))
    patrol_map.render(nonce=escape(nonce))
    name = patrol_map.get_name()
    script = f"{figure.script.render(nonce=nonce)}\n{patrol_map.announce}({name});"
    return MapParts(
        head=Markup(figure.header.render(nonce=escape(nonce))),  # noqa: S704  escaped by the links' templates
        body=Markup(figure.html.render()),  # noqa: S704  holds the map's identifier only
        script=Markup('<script type="module" nonce="{}">{}</script>').format(nonce, Markup(script)),  # noqa: S704
    )


def _part_of(figure: Figure) -> Element:
    # A fresh part each time: composing the same map twice gives the same page twice.
    part = Element()
    part._parent = figure  # noqa: SLF001  what branca's own figure does
    return part
