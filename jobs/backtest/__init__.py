"""How good the lifecycle would have been: a walk through history, week by week, beside its candidates and simple models."""
