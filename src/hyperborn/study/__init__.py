"""Studies: methods compared on tasks, training sizes and seeds, all on the same splits."""
