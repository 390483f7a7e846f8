import { useEffect, useLayoutEffect, useState } from "react";
import { type CombinedError, type OperationContext, useQuery } from "urql";
import { graphql } from "../../../gql";
import type { SessionsQuery, SessionsQueryVariables } from "../../../gql/graphql";
import { EmptyRow, Row, type RowProps } from "./session-row";
import { PAGE } from "./use-keyset-pages";

const Sessions = graphql(`
  query Sessions($filter: SessionFilter, $orderBy: SessionOrder, $first: Int!, $after: String) {
    sessions(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      nodes { ...SessionFields }
      pageInfo { endCursor hasNextPage }
    }
  }
`);

export type SessionRow = SessionsQuery["sessions"]["nodes"][number];

interface PageRowsProps extends Pick<RowProps, "columns" | "texts" | "select" | "openPanel"> {
  page: number;
  variables: Pick<SessionsQueryVariables, "filter" | "orderBy">;
  after: string | null;
  context: Partial<OperationContext>;
  /** The rows of it that are in the DOM, counted from the list's first. */
  indexes: readonly number[];
  active: number | undefined;
  open: string | undefined;
  /** What the URL holds of the view. */
  query: string;
  found: (page: number, connection: SessionsQuery["sessions"]) => void;
  failed: (page: number, error: CombinedError) => void;
}

/** One page of the list: asked for by its cursor while it is in view, or about to be. */
export function PageRows(props: PageRowsProps) {
  const { page, variables, after, context, indexes, active, open, query, found, failed, ...row } = props;
  const [{ data, error, fetching }] = useQuery({
    query: Sessions,
    variables: { ...variables, first: PAGE, after },
    context,
  });

  // What is there stays until there is something newer: while another view is asked for, and when that fails.
  const answer = fetching ? undefined : data?.sessions;
  const [shown, setShown] = useState(answer);
  if (answer && answer !== shown) setShown(answer);

  useLayoutEffect(() => {
    if (answer) found(page, answer);
  }, [answer, found, page]);
  useEffect(() => {
    if (error && !fetching) failed(page, error);
  }, [error, failed, fetching, page]);

  return indexes.map((index) => {
    const session = shown?.nodes[index - page * PAGE];
    return session ? (
      <Row
        key={session.id}
        session={session}
        index={index}
        isActive={index === active}
        isOpen={session.id === open}
        href={`/sessions/${session.id}${query}`}
        {...row}
      />
    ) : (
      <EmptyRow key={index} index={index} isActive={index === active} columns={row.columns} texts={row.texts} />
    );
  });
}
