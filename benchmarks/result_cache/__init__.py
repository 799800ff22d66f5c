"""Result caches: what a hit, a miss and a write cost, measured beside Redis and beside none."""
