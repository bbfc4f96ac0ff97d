"""Rules, the engine that runs them, findings and repairs."""
