"""Taking a document out of everything, and keeping it out."""
