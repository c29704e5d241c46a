"""From silver to the documents of a dataset: text, measures, and why one is not kept."""
