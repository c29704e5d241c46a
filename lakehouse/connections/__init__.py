"""Named connections to databases outside the lakehouse: where a source comes from, where decisions are delivered."""
