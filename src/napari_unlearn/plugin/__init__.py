"""The window: napari and Qt. Views request and show, controllers act, one class turns the document into layers.

Importing any module of this package imports no torch; what needs it is imported inside jobs.
"""
