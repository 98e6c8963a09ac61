"""What goes out with the alarms of a day."""
