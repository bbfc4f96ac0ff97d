"""What can be said of a text without a model: sentences, words, the kind of an answer, of a question."""
