"""Indexes: declared ones, which the statements of the same application are proven to use."""
