"""Reports that people read: one HTML file about a run, and the card of its model."""
