"""The ops page: one page about a running application."""
