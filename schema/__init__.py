"""The GraphQL API: its types and their resolvers. `schema.root` is the table of contents."""
