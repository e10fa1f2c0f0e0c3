"""How many: from a config to cells, from cells to records, from records to tables."""
