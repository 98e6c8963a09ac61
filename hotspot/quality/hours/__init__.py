"""Every hour of every station and its doubts."""
