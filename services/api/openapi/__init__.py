"""The API's description: an OpenAPI document, written by hand where it cannot be derived.

Bodies are derived from the structs that are sent, problems from the table that answers errors, and
limits from what enforces them. Nothing here serves anything: see `services.api.schema`.
"""
