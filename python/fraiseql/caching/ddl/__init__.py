"""The DDL road: what is declared, what is there, and the steps from one to the other."""
