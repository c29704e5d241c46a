"""From a MongoDB collection to the landing zone."""
