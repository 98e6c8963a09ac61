"""Text that crosses the border: into pages, out of and into tables that other programs open."""
