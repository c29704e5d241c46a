"""The model card of a version: what a reader must know before trusting its scores.

``content`` gathers it as plain values, ``page`` writes it as HTML and as Markdown. It is logged to the run before the version
is registered, so that no version is without one.
"""
