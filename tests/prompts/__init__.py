"""Prompts as people write them, the plans they should lead to, and how well a parser does."""
