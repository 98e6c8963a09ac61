"""People, their registers, and reports of other desks."""
