"""Errors of starting and stopping the stack."""


class StackError(Exception):
    """One clear line for the person at the terminal: what is wrong, where to look, what to do."""
