"""The checks of an answer: pure functions of its text and the document's."""
