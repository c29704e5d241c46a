"""Where tables and columns come from: as far as declarations say it, and as OpenLineage events of what each run touched."""
