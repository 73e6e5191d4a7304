"""A datasource that reads Feather files (Arrow IPC) for ymltrain."""
