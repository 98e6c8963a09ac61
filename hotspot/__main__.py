"""``python -m hotspot`` is the shell command ``hotspot``."""

from hotspot.cli import main

main()
