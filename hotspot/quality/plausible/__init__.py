"""What was delivered, held against what else is known, before anything is made of it (METHODS 20)."""
