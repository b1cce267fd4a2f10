"""Reads an instruction: words to clauses, clauses to wishes, wishes to typed operations."""
