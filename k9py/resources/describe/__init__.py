"""Descriptions of objects from their JSON: one module for each family of kinds, `generic` for all others.

`description.describe` is the entry; `requests_of` says what is read for it. A module with a tuple `DESCRIBERS` is found
by `description`; a descriptor in `resources/catalog/` may bring its own `Describer` instead.
"""
