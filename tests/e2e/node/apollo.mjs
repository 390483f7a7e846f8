// Runs OPERATIONS, a list of [name or text of a document, variables], with Apollo Client at ENDPOINT with KEY.
// LINK: manifest (IDs from the file MANIFEST), apq, apq-get; without it, texts are sent.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { createFragmentRegistry } from "@apollo/client/cache";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { generatePersistedQueryIdsFromManifest } from "@apollo/persisted-query-lists";
import { recordingFetch, requests, seen } from "./requests.mjs";

const { ENDPOINT, KEY, LINK, MANIFEST, OPERATIONS } = process.env;

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const document = async (name) =>
  gql(name.includes("{") ? name : await readFile(new URL(`documents/${name}.graphql`, import.meta.url), "utf8"));

const links = {
  manifest: () =>
    new PersistedQueryLink(
      generatePersistedQueryIdsFromManifest({ loadManifest: async () => JSON.parse(await readFile(MANIFEST, "utf8")) }),
    ),
  apq: () => new PersistedQueryLink({ sha256 }),
  "apq-get": () => new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
};

const http = new HttpLink({ uri: ENDPOINT, headers: { authorization: `Bearer ${KEY}` }, fetch: recordingFetch });
const client = new ApolloClient({
  cache: new InMemoryCache({ fragments: createFragmentRegistry(await document("SessionFields")) }),
  link: links[LINK]?.().concat(http) ?? http,
  defaultOptions: {
    query: { fetchPolicy: "no-cache", errorPolicy: "all" },
    mutate: { fetchPolicy: "no-cache", errorPolicy: "all" },
  },
});

const results = [];
for (const [name, variables] of JSON.parse(OPERATIONS)) {
  const operation = await document(name);
  const { data, error } = operation.definitions.some((definition) => definition.operation === "mutation")
    ? await client.mutate({ mutation: operation, variables })
    : await client.query({ query: operation, variables });
  if (error && !CombinedGraphQLErrors.is(error)) throw error;
  results.push({ data, errors: seen(error?.errors ?? []) });
}
console.log(JSON.stringify({ results, requests }));
