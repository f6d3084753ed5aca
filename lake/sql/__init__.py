"""SQL over the published tables of the lake: what a query would read, whether it may, and its answer."""
