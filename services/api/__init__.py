"""The HTTP API: it admits requests into the log and shows tasks to their owners."""
