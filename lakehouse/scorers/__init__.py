"""Models as scoring uses them: one interface to boosted trees, to coefficients, and to the mean of both."""
