"""What may go and what has to stay: declared days, what is still needed, and holds. Nothing is removed here."""
