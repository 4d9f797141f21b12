"""The one door to GDAL: readers of plain vector files only, none that opens another file or an address.

GDAL chooses a reader by what a file holds, whatever its name says, and some of its readers are programs:
a VRT names other files of the server, a streamed algorithm reads any text file, a service driver asks an
address. What people send must not reach them, so they are left out before GDAL registers its readers.
"""

import os

#: What boundary files, roads and points come in; MEM is GDAL's own scratch paper.
READERS = frozenset(
    {"ESRI Shapefile", "GPKG", "GeoJSON", "GeoJSONSeq", "KML", "LIBKML", "GML", "DXF", "FlatGeobuf", "MEM"}
)
#: Every other reader that pyogrio brings (GDAL grumbles about names it does not know); a test compares
#: the list with what is there.
LEFT_OUT = (
    "PCIDSK", "PDS4", "VICAR", "PDF", "MBTiles", "EEDA", "OGCAPI", "GDALG", "MapInfo File", "LVBAG", "S57",
    "DGN", "OGR_VRT", "CSV", "GPX", "ESRIJSON", "TopoJSON", "OGR_GMT", "SQLite", "WAsP", "OpenFileGDB",
    "GeoRSS", "VFK", "PGDUMP", "OSM", "GPSBabel", "OGR_PDS", "WFS", "OAPIF", "EDIGEO", "Idrisi", "ODS",
    "XLSX", "Elasticsearch", "Carto", "AmigoCloud", "SXF", "Selafin", "JML", "PLSCENES", "CSW", "VDV", "MVT",
    "NGW", "MapML", "GTFS", "PMTiles", "JSONFG", "MiraMonVector", "ADBC", "AVCBin", "AVCE00", "AIVector",
    "HTTP",
)  # fmt: skip

# Read by GDAL when it is loaded, so set before; no setting of ours.
os.environ["OGR_SKIP"] = ",".join(LEFT_OUT)
# A file may name an address (a "link" to its reference system): what would be asked goes to a closed door.
os.environ.update(
    GDAL_HTTP_PROXY="127.0.0.1:9",
    GDAL_HTTPS_PROXY="127.0.0.1:9",
    GDAL_HTTP_TIMEOUT="1",
    CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".none",
    PROJ_NETWORK="OFF",
)

import pyogrio  # noqa: E402 - after its environment

__all__ = ["LEFT_OUT", "READERS", "pyogrio"]
