"""Two versions of a model side by side: what was recorded of them, and what the tables say of the days that both scored."""
