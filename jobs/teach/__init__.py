"""Asking about the documents of a dataset: marks for documents, answers, marks for answers."""
