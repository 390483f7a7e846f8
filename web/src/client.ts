import {
  Client,
  type CombinedError,
  fetchExchange,
  makeOperation,
  mapExchange,
  type Operation,
  type TypedDocumentNode,
} from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { retryExchange } from "@urql/exchange-retry";
import { syncClock } from "./clock";
import { refuseCredential } from "./credential";

/** A client of the public API. It sends the IDs of persisted documents instead of their text. */
export function createClient(credential: string) {
  return new Client({
    url: "/graphql",
    preferGetMethod: false,
    fetch: fetchAndSyncClock,
    fetchOptions: { headers: { authorization: `Bearer ${credential}` } },
    exchanges: [
      mapExchange({
        onError(error) {
          if (errorCodes(error).includes("UNAUTHENTICATED")) refuseCredential(credential);
        },
      }),
      createCache(),
      retryExchange({
        // Four attempts take about five seconds. After that, the error is shown.
        maxNumberAttempts: 4,
        initialDelayMs: 500,
        maxDelayMs: 2000,
        // Mutations are never retried: the form shows the error, and the user decides.
        retryIf: (error, { kind }) => kind === "query" && (error.networkError !== undefined || isBusy(error)),
      }),
      // During development, documents change before they are published. Sign in with the development key.
      ...(import.meta.env.DEV ? [] : [mapExchange({ onOperation: replaceByDocumentId })]),
      fetchExchange,
    ],
  });
}

export const errorCodes = (error: CombinedError) =>
  error.graphQLErrors.map(({ extensions }) => String(extensions.code));

export const isBusy = (error: CombinedError) =>
  errorCodes(error).some((code) => code === "THROTTLED" || code === "SERVICE_UNAVAILABLE");

function createCache() {
  // Types without an ID are stored with their parent.
  const embedded = () => null;
  return cacheExchange({
    keys: {
      AuditChange: embedded,
      AuditEventConnection: embedded,
      Conversion: embedded,
      Count: embedded,
      Money: embedded,
      PageInfo: embedded,
      PeriodStats: embedded,
      RateLimit: embedded,
      SessionConnection: embedded,
      SessionEventConnection: embedded,
      SessionStats: embedded,
      Token: embedded,
    },
    updates: {
      Mutation: {
        // The expiration time of any session may have changed.
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

/** Replaces the document of an operation with the ID of the persisted document. */
function replaceByDocumentId(operation: Operation) {
  const { __meta__ } = operation.query as TypedDocumentNode & { __meta__?: { documentId: string } };
  return makeOperation(operation.kind, {
    ...operation,
    query: { kind: operation.query.kind, definitions: [], documentId: __meta__?.documentId } as never,
  });
}

async function fetchAndSyncClock(...request: Parameters<typeof fetch>) {
  const response = await fetch(...request);
  syncClock(response.headers.get("date"));
  return response;
}
