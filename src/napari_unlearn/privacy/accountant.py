"""The version of the formulas of this package, as certificates quote it."""

ACCOUNTANT = "1"
"""Raised by one whenever a mechanism gives another noise, mu or delta for the same numbers."""
