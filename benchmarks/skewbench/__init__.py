"""Serving logs with faults in them, for measuring what finds them."""
