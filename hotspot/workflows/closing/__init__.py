"""The loop after a warning: answers, problems, cases, events, and the ledger read back."""
