"""From silver to the feature table: point-in-time features of a use case."""
