"""What is in a dataset, before any model has seen it."""
