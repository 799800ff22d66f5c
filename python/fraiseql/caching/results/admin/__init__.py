"""Operating commands of result caches: statistics, purges, cleaning, privileges."""
