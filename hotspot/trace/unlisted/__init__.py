"""What no register holds, and where the next station should stand to tell."""
