"""From a version of a dataset to a published one: gate, card, files, the Hub."""
