"""Fine-tuning, prediction and the answerer; the only room that imports torch."""
