import { useCallback, useState } from "react";
import type { CombinedError } from "urql";
import type { SessionsQuery } from "../../../gql/graphql";

export const PAGE = 100;

/** Where each page begins that is known so far: the cursor of the row before it. */
interface KnownPages {
  view: string;
  cursors: readonly (string | null)[];
  /** How many rows there are in all, once the last page is known. */
  end: number | null;
  /** Whether the first page of the view is there; until then, the rows of the one before are shown. */
  isThere: boolean;
  failure: { page: number; error: CombinedError } | null;
}

/**
 * The list is never put together: with each page asked for by its cursor, the thousandth costs what the first did. A
 * page that turns out to end elsewhere than it did moves the beginning of the next one.
 */
export function useKnownPages(view: string) {
  const [known, setKnown] = useState<KnownPages>({ view, cursors: [null], end: null, isThere: false, failure: null });
  if (known.view !== view) {
    const end = known.end ? Math.min(known.end, PAGE) : null;
    setKnown({ view, cursors: [null], end, isThere: false, failure: null });
  }

  const found = useCallback((page: number, connection: SessionsQuery["sessions"]) => {
    setKnown((known) => withPage(known, page, connection));
  }, []);
  const failed = useCallback((page: number, error: CombinedError) => {
    setKnown((known) => ({ ...known, failure: { page, error } }));
  }, []);

  return { ...known, rows: known.end ?? known.cursors.length * PAGE, found, failed };
}

function withPage(known: KnownPages, page: number, { nodes, pageInfo }: SessionsQuery["sessions"]): KnownPages {
  const { endCursor, hasNextPage } = pageInfo;
  const { cursors } = known;
  const rest = { ...known, isThere: true, failure: known.failure?.page === page ? null : known.failure };
  if (!hasNextPage || !endCursor) {
    return { ...rest, cursors: cursors.slice(0, page + 1), end: page * PAGE + nodes.length };
  }
  const end = known.end !== null && known.end <= (page + 1) * PAGE ? null : known.end;
  if (cursors[page + 1] === endCursor) return { ...rest, end };
  return { ...rest, end, cursors: cursors.toSpliced(page + 1, 1, endCursor) };
}
