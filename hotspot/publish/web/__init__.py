"""The offline map: its page, its data, its base maps."""
