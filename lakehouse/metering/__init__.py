"""What a run uses, as the operating system counts it, and what it writes, as the door for commits counts it."""
