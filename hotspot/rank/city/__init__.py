"""Cities and counties by the composite index: the month's index, its ranking, two windows compared."""
