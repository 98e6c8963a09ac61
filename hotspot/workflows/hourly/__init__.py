"""The hours: alarms as they come, their evidence, their film."""
