"""Parts of the data: what to cut it by, the scores of every part, which are worse than by chance."""
