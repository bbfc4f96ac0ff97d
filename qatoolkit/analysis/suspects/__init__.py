"""Rows whose annotation is probably wrong: the evidence, the list, and the files it is written to."""
