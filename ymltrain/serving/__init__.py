"""The serving log, which any service can write, and the reference server."""
