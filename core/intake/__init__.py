"""Reading strangers' files: tables, vector layers, cells, coordinates, and the report of an import."""
