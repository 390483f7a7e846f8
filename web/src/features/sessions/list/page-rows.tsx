import { useEffect, useLayoutEffect } from "react";
import { type CombinedError, type OperationContext, useQuery } from "urql";
import { graphql } from "../../../gql";
import type { SessionsQuery, SessionsQueryVariables } from "../../../gql/graphql";
import { useLatestData } from "../../../hooks/use-latest-data";
import { useCanSeeLink } from "../session-fields";
import { PAGE_SIZE } from "./keyset-pages";
import { LoadingRow, SessionRow, type SessionRowProps } from "./session-row";

const Sessions = graphql(`
  query Sessions($filter: SessionFilter, $orderBy: SessionOrder, $first: Int!, $after: String, $canSeeLink: Boolean!) {
    sessions(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      nodes { ...SessionFields }
      pageInfo { endCursor hasNextPage }
    }
  }
`);

interface PageRowsProps extends Pick<SessionRowProps, "columns" | "texts" | "select" | "openPanel"> {
  page: number;
  variables: Pick<SessionsQueryVariables, "filter" | "orderBy">;
  after: string | null;
  context: Partial<OperationContext>;
  /** The rows of the page to render. A row's index counts from the first row of the list. */
  indexes: readonly number[];
  activeIndex: number | undefined;
  openId: string | undefined;
  /** The query string, which the link to a panel keeps. */
  queryString: string;
  onPage: (page: number, connection: SessionsQuery["sessions"]) => void;
  onError: (page: number, error: CombinedError) => void;
}

/** One page of the list. It is rendered, and therefore fetched, while it is visible or about to be. */
export function PageRows(props: PageRowsProps) {
  const { page, variables, after, context, indexes, activeIndex, openId, queryString, onPage, onError, ...row } = props;
  const [{ data, error, fetching }] = useQuery({
    query: Sessions,
    variables: { ...variables, first: PAGE_SIZE, after, canSeeLink: useCanSeeLink() },
    context,
  });

  // The rows of the previous view stay while another one is fetched, and if that fails.
  const connection = fetching ? undefined : data?.sessions;
  const shown = useLatestData(connection);

  useLayoutEffect(() => {
    if (connection) onPage(page, connection);
  }, [connection, onPage, page]);
  useEffect(() => {
    if (error && !fetching) onError(page, error);
  }, [error, onError, fetching, page]);

  return indexes.map((index) => {
    const session = shown?.nodes[index - page * PAGE_SIZE];
    const isActive = index === activeIndex;
    return session ? (
      <SessionRow
        key={session.id}
        session={session}
        index={index}
        isActive={isActive}
        isOpen={session.id === openId}
        href={`/sessions/${session.id}${queryString}`}
        {...row}
      />
    ) : (
      <LoadingRow key={index} index={index} isActive={isActive} columns={row.columns} texts={row.texts} />
    );
  });
}
