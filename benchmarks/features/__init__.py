"""FraiseQL next to Strawberry and PostGraphile: filters, pages, totals, aggregates and writes."""
