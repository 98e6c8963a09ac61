"""The weather taken out: levels and changes."""
