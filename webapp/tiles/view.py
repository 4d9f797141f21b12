"""GET /tiles/<layer>/<z>/<x>/<y>.mvt: one vector tile inside the reader's scope.

The entity tag is known before anything is cut: it is the data's version, the reader's scope and the
address. Finished tiles are kept in Redis, packed, under the same name.
"""

import gzip

from flask import Blueprint, Response, request

from core.settings import settings
from geo.tile_address import Tile
from webapp.health import tally
from webapp.kept import keep, recall
from webapp.permission import require, requires
from webapp.session import request_session
from webapp.tiles.layer import Layer, cut_tile, days_of, layer_of, tile_key

blueprint = Blueprint("tiles", __name__)

MVT = "application/vnd.mapbox-vector-tile"
#: The base map is the same for all; everything else is asked for anew each time (and answered 304),
#: so that the next person at the same browser is never shown the last one's tiles.
MAY_KEEP = {True: "private, max-age=300", False: "private, no-cache"}
#: Level 1 packs a tile to about half in a millisecond; level 6 gains 5 % for four times that.
PACKING = 1


@blueprint.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
@requires("area.view")
def tile(layer: str, z: int, x: int, y: int) -> Response:
    """Send one tile."""
    chosen = layer_of(layer)
    require(chosen.permission)
    address = Tile(z, x, y)
    days = days_of(request.args.get("days")) if chosen.takes_days else 0
    key = tile_key(chosen, request_session(), days)
    name = f"{key}/{z}/{x}/{y}"
    if request.if_none_match.contains_weak(name):
        tally.add("gridpatrol_tiles_total", layer=layer, answer="not_modified")
        return _answer(chosen, name, b"", status=304)
    packed = recall(f"gridpatrol:tile:{name}")
    tally.add("gridpatrol_tiles_total", layer=layer, answer="cut" if packed is None else "kept")
    if packed is None:
        content = cut_tile(chosen, request_session(), address, key=key, days=days)
        packed = gzip.compress(content, PACKING, mtime=0) if content else b""
        keep(f"gridpatrol:tile:{name}", packed, for_s=settings().tile_cache_s)
    return _answer(chosen, name, packed, status=200 if packed else 204)


def _answer(layer: Layer, name: str, packed: bytes, *, status: int) -> Response:
    takes_gzip = request.accept_encodings["gzip"] > 0
    response = Response(packed if takes_gzip or not packed else gzip.decompress(packed), status)
    if packed:
        response.content_type = MVT
        if takes_gzip:
            response.headers["Content-Encoding"] = "gzip"
    else:
        response.headers.pop("Content-Type", None)
    response.set_etag(name, weak=True)
    response.headers["Cache-Control"] = MAY_KEEP[layer.shared]
    response.vary.update(("Accept-Encoding", "Cookie"))
    return response
