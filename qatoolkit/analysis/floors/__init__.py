"""Answers that cost nothing, for a model to beat."""
