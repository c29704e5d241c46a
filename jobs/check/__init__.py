"""The answers about documents, checked."""
