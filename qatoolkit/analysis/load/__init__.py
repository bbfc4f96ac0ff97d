"""Reads the two sides of a report: what was annotated, and what was predicted."""
