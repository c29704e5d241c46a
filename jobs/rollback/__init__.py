"""Back to the former champion, including its scores of the nights since."""
