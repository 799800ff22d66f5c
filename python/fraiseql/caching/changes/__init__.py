"""Change log of written tables, and the age of views."""
