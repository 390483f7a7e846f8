import { type OperationContext, useQuery } from "urql";
import { graphql } from "../../gql";
import type { SessionFilter } from "../../gql/graphql";

const SessionCount = graphql(`
  query SessionCount($filter: SessionFilter, $first: Int!) {
    sessions(filter: $filter, first: $first) { count { value precision } }
  }
`);

/** Counts sessions in a separate query, so that the list does not wait for it. */
export function useSessionCount(filter: SessionFilter | null, context: Partial<OperationContext>) {
  const [{ data, fetching, stale, error }] = useQuery({
    query: SessionCount,
    variables: { filter, first: 0 },
    context,
  });
  return { count: error ? undefined : data?.sessions.count, isLoading: fetching || stale };
}
