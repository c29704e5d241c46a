"""A first use case from a sample of its deliveries, or from a template: `python -m lakehouse new`."""
