"""The candidates of a training: boosted trees, a linear model, the mean of both; and which of them becomes the model."""
