"""From the feature table to the scores, by one model version, with full lineage."""
