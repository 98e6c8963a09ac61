"""Files for a map program: GeoPackages with their styles, their forms and a project inside (QGIS, QField)."""
