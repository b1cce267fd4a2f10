"""Keeps the views that readers see up to date with the log."""
