"""What the documents of a dataset are like, and what each limit would keep."""
