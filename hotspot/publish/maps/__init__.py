"""The one drawing of every printed map: an extent, its layers, a size, a language."""
