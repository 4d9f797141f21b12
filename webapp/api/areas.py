"""Areas for the place switcher and for snapping, and the versions of the tile layers."""

import json
from typing import Any

from flask import Blueprint, jsonify, request
from flask_login import current_user

from core.errors import InvalidInput
from core.queries import layer_versions
from geo.areas.models import LEVELS
from geo.areas.queries import tree
from geo.outline import MOST, boundaries_in
from webapp.api.parameter import bbox
from webapp.permission import requires
from webapp.session import request_session
from webapp.tiles.layer import LAYERS, layer_version

blueprint = Blueprint("api_areas", __name__, url_prefix="/api")


@blueprint.get("/areas/tree")
@requires("area.view")
def area_tree() -> Any:
    """List the areas of the reader's counties, parents before children; `own` says which are in scope."""
    scope = current_user.scope
    return jsonify(
        areas=[
            {
                "id": row.id,
                "parent_id": row.parent_id,
                "level": row.level,
                "code": row.code,
                "name": row.name,
                "own": scope.holds(row.path),
                "bbox": None if row.west is None else [row.west, row.south, row.east, row.north],
            }
            for row in tree(request_session())
        ]
    )


@blueprint.get("/areas/boundaries")
@requires("area.view")
def area_boundaries() -> Any:
    """Return the boundaries that meet a box as GeoJSON, at most 400; `truncated` says there are more."""
    wanted = request.args.get("levels", "grid,community").split(",")
    if not set(wanted) <= set(LEVELS):
        raise InvalidInput("parameter_unusable", name="levels", wanted=", ".join(LEVELS))
    rows = boundaries_in(request_session(), bbox(), levels=wanted)
    features = [
        {
            "type": "Feature",
            "id": row.id,
            "geometry": json.loads(row.geometry),
            "properties": {"level": row.level, "code": row.code, "name": row.name},
        }
        for row in rows[:MOST]
    ]
    return jsonify(type="FeatureCollection", features=features, truncated=len(rows) > MOST)


@blueprint.get("/layers")
@requires("area.view")
def layers() -> Any:
    """Return the version of each tile layer the reader may see: when it rises, tiles are fetched anew."""
    versions = layer_versions(request_session())
    return jsonify(
        layers={
            name: layer_version(layer, versions)
            for name, layer in LAYERS.items()
            if current_user.can(layer.permission)
        }
    )
