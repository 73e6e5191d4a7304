"""Holding a run against the present: what differs from then, doing it again, and where two runs parted."""
