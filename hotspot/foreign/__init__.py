"""Files that strangers made, decoded outside of us: child processes with limits, and what they run."""
