"""The loop in a browser: pages, accounts and sessions over the ledger; it adds no rule, and nothing imports it."""
