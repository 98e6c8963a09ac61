"""The level of emission: what every cell gives off, by inversion, and simpler ways to tell."""
