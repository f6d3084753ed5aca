"""A stand-in for a Typesense 29 server: as much of its HTTP interface as the lakehouse uses, with its ways and limits.

It was written from observations of the real server, so that the tests run where that cannot be installed. Where
`TYPESENSE_URL` is set, the same tests run against the server there as well.
"""
