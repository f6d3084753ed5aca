"""The Typesense engine: a mirror of the rows on a search server of its own (version 29)."""
