// Runs OPERATIONS, a list of [name of a document, variables], with urql at ENDPOINT with KEY.
// MANIFEST: what GraphQL Codegen wrote, with the documents' IDs; without it, documents are registered as they are used.
import { readFile } from "node:fs/promises";
import { Client, fetchExchange, gql } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { recordingFetch, requests, seen } from "./requests.mjs";

const { ENDPOINT, KEY, MANIFEST, OPERATIONS } = process.env;

const read = (name) => readFile(new URL(`documents/${name}.graphql`, import.meta.url), "utf8");
const fragment = gql(await read("SessionFields"));
const ids = MANIFEST && Object.entries(JSON.parse(await readFile(MANIFEST, "utf8")));

const listed = {
  enforcePersistedQueries: true,
  enableForMutation: true,
  generateHash: async (_, { definitions: [operation] }) =>
    ids.find(([, text]) => text.includes(`${operation.operation} ${operation.name.value}(`))[0],
};

const client = new Client({
  url: ENDPOINT,
  exchanges: [persistedExchange(ids ? listed : {}), fetchExchange],
  fetch: recordingFetch,
  fetchOptions: { headers: { authorization: `Bearer ${KEY}` } },
});

const results = [];
for (const [name, variables] of JSON.parse(OPERATIONS)) {
  const document = gql([await read(name), ""], fragment);
  const run = document.definitions[0].operation;
  const { data, error } = await client[run](document, variables).toPromise();
  if (error?.networkError) throw error.networkError;
  results.push({ data, errors: seen(error?.graphQLErrors ?? []) });
}
console.log(JSON.stringify({ results, requests }));
