"""Every operator in many settings: run, kept as one table, and drawn."""
