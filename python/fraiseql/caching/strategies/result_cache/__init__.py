"""Result caches: what they want in the database, and what stands behind an answer there."""
