"""What an office sends: notices, packages, return forms, letters."""
