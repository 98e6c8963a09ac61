"""What was delivered for a study: one object per run that every workflow asks for months."""

KINDS = ("satellite", "reference", "stations", "weather", "facilities")
