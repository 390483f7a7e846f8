import { useCallback, useState } from "react";
import type { CombinedError } from "urql";
import type { SessionsQuery } from "../../../gql/graphql";
import { addPage, countRows, initialPages } from "./keyset-pages";

/**
 * Keyset pagination: each page is fetched by its cursor, and pages are never merged into one list. The thousandth page
 * therefore costs as much as the first. The pages are reset when `view` changes.
 */
export function useKeysetPages(view: string) {
  const [{ pages, of }, setState] = useState({ pages: initialPages(), of: view });
  if (of !== view) setState({ pages: initialPages(pages.total), of: view });

  const onPage = useCallback((page: number, connection: SessionsQuery["sessions"]) => {
    setState((state) => ({ ...state, pages: addPage(state.pages, page, connection) }));
  }, []);
  const onError = useCallback((page: number, error: CombinedError) => {
    setState((state) => ({ ...state, pages: { ...state.pages, failure: { page, error } } }));
  }, []);

  return { ...pages, rows: countRows(pages), onPage, onError };
}
