import { Client, fetchExchange, makeOperation, mapExchange, type Operation, type TypedDocumentNode } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { retryExchange } from "@urql/exchange-retry";
import { keepTime } from "./clock";
import { refused } from "./credential";

/** A client of the public API: it sends the IDs of published documents, and never a document. */
export function createClient(credential: string) {
  return new Client({
    url: "/graphql",
    preferGetMethod: false,
    fetch: fetchKeepingTime,
    fetchOptions: { headers: { authorization: `Bearer ${credential}` } },
    exchanges: [
      mapExchange({
        onError(error) {
          if (codesOf(error).includes("UNAUTHENTICATED")) refused(credential);
        },
      }),
      normalisedCache(),
      retryExchange({
        // Within some five seconds: then it is said that the server cannot be reached.
        maxNumberAttempts: 4,
        initialDelayMs: 500,
        maxDelayMs: 2000,
        // A change is not repeated by itself: whoever asked for it is told.
        retryIf: (error, { kind }) => kind === "query" && (error.networkError !== undefined || isBusy(error)),
      }),
      // While it is developed, documents change faster than they are published: sign in with the development key.
      ...(import.meta.env.DEV ? [] : [mapExchange({ onOperation: byDocumentId })]),
      fetchExchange,
    ],
  });
}

/** The codes of a failure's errors, as the API documents them. */
export const codesOf = (error: { graphQLErrors: { extensions: Record<string, unknown> }[] }) =>
  error.graphQLErrors.map(({ extensions }) => String(extensions.code));

const isBusy = (error: Parameters<typeof codesOf>[0]) =>
  codesOf(error).some((code) => code === "THROTTLED" || code === "SERVICE_UNAVAILABLE");

function normalisedCache() {
  const partOfItsParent = () => null;
  return cacheExchange({
    keys: {
      Conversion: partOfItsParent,
      Count: partOfItsParent,
      Money: partOfItsParent,
      PageInfo: partOfItsParent,
      PeriodStats: partOfItsParent,
      RateLimit: partOfItsParent,
      SessionConnection: partOfItsParent,
      SessionEventConnection: partOfItsParent,
      SessionStats: partOfItsParent,
      Token: partOfItsParent,
    },
    updates: {
      Mutation: {
        // Any session may have another expired time now.
        updateStoreSettings({ updateStoreSettings }, _, cache) {
          const { tokensChanged } = updateStoreSettings as { tokensChanged: number };
          if (tokensChanged === 0) return;
          for (const { fieldName, fieldKey } of cache.inspectFields("Query")) {
            if (fieldName === "session" || fieldName === "sessions") cache.invalidate("Query", fieldKey);
          }
        },
      },
    },
  });
}

/** The document gives way to the ID by which it was published. */
function byDocumentId(operation: Operation) {
  const { __meta__ } = operation.query as TypedDocumentNode & { __meta__?: { documentId: string } };
  return makeOperation(operation.kind, {
    ...operation,
    query: { kind: operation.query.kind, definitions: [], documentId: __meta__?.documentId } as never,
  });
}

async function fetchKeepingTime(...request: Parameters<typeof fetch>) {
  const response = await fetch(...request);
  keepTime(response.headers.get("date"));
  return response;
}
