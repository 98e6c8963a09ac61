"""500 m: hours, months, tracks."""
