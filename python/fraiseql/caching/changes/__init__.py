"""The change log: transactions, the tables that they wrote, and the age of views."""
