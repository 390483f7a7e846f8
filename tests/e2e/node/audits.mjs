// The conformance suite of GraphQL over HTTP against ENDPOINT: prints every audit with its status and reason.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.env.ENDPOINT });
console.log(
  JSON.stringify(
    results.map(({ id, name, status, reason, response }) => ({ id, name, status, reason, answered: response?.status })),
  ),
);
