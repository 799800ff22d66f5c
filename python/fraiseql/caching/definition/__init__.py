"""Live definitions of documents, as SQL over base tables."""
