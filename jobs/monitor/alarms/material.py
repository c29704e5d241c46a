"""What is great enough to matter: with a million rows a day everything is beyond chance, and most of it is nothing."""

# Standard deviations of a column's ranks.
MOVED = 0.1
# Of the rows of a window.
SHARE = 0.01
# The chi-square of a window by its rows, Cohen's w squared: 0.01 is his small effect.
SHAPE = 0.01
# Of a share of decisions or of labels, by which part of it.
RATE = 0.1
# Of a probability; of other labels the same part of the root of the mean squared error.
GAP = 0.02
# By which part of it.
LOSS = 0.03
# Of an estimated area under the ROC curve.
AUC = 0.02
# By which part of a day's rows.
VOLUME = 0.3
