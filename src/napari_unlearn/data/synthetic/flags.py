"""Artefact flags."""
RULER, INK, GEL_BUBBLE, GEL_BORDER, HAIR, DARK_CORNER, PATCH = 1, 2, 4, 8, 16, 32, 64
ARTEFACT_NAMES = {1: "ruler", 2: "ink", 4: "gel_bubble", 8: "gel_border", 16: "hair", 32: "dark_corner", 64: "patch"}
