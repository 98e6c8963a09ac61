"""The yearly list of hotspot cells."""
