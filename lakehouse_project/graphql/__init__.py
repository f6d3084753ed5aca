"""The GraphQL endpoint: star schema, marts, raw records and search as one graph, over the services of the REST API."""
