"""A spreadsheet server's tools over openpyxl: one implementation, registered by every server."""
