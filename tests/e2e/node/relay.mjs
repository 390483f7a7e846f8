// Runs OPERATIONS, a list of [name, variables], with Relay's runtime at ENDPOINT with KEY: what the compiler wrote to the folder
// ARTIFACTS, by the IDs in it.
import { join } from "node:path";
import Relay from "relay-runtime";
import { recordingFetch, requests, seen } from "./requests.mjs";

const { ENDPOINT, KEY, ARTIFACTS, OPERATIONS } = process.env;
const { Environment, Network, RecordSource, Store, commitMutation, fetchQuery } = Relay;

let errors;
async function fetchById({ id, text }, variables) {
  const response = await recordingFetch(ENDPOINT, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json",
      authorization: `Bearer ${KEY}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ doc_id: id, query: text ?? undefined, variables }),
  });
  const answer = await response.json();
  errors = seen(answer.errors ?? []);
  return answer;
}

const environment = new Environment({ network: Network.create(fetchById), store: new Store(new RecordSource()) });

const results = [];
for (const [name, variables] of JSON.parse(OPERATIONS)) {
  const artifact = (await import(join(ARTIFACTS, `${name}.graphql.js`))).default;
  const data = await (artifact.params.operationKind === "mutation"
    ? new Promise((onCompleted, onError) =>
        commitMutation(environment, { mutation: artifact, variables, onCompleted, onError }),
      )
    : fetchQuery(environment, artifact, variables).toPromise()
  ).catch(() => null);
  results.push({ data, errors });
}
console.log(JSON.stringify({ results, requests }));
