"""From kept documents and answers to an immutable version of a dataset."""
