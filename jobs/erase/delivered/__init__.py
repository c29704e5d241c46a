"""What has gone elsewhere: rows in the targets that decisions are delivered to, and in the tables that serve feature groups."""
