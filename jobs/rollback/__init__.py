"""Back to the version that was champion before, its scores of the nights since included."""
