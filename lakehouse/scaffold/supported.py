"""What this release's declarations know, so that a folder written here is one that loads here."""

from __future__ import annotations

from lakehouse.declaration import Feature, Label

# Features that are categories.
CATEGORIES = "type" in Feature.model_fields
# Labels of more than two classes.
CLASSES = "classes" in Label.model_fields
