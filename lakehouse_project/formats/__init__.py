"""How values are written on pages: dates as in the data, the same for every reader."""
