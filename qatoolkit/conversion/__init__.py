"""Splits, writers, the manifest: from valid records to a dataset on disk. Judges nothing."""
