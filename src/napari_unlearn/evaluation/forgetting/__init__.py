"""Whether a model has forgotten, and what it cost: against the model before, against one retrained without."""
