"""FraiseQL next to Strawberry: filters, pages, totals, aggregates and writes."""
