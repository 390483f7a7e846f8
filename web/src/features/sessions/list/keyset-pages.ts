import type { CombinedError } from "urql";

export const PAGE_SIZE = 100;

// A page is fetched when the visible rows are this close to it.
const PREFETCH_ROWS = 60;

/** The state of the pages of a list, without their rows. */
export interface KeysetPages {
  /** The cursor of the row before each page that can be fetched so far. */
  cursors: readonly (string | null)[];
  /** The number of rows, known once the last page has been fetched. */
  total: number | null;
  /** Whether any page has been fetched. Until then, the rows of the previous view are shown. */
  isLoaded: boolean;
  failure: { page: number; error: CombinedError } | null;
}

interface Connection {
  nodes: readonly unknown[];
  pageInfo: { endCursor?: string | null; hasNextPage: boolean };
}

/** The pages of a new view. It keeps up to a page of the previous view's rows while it loads. */
export function initialPages(previousTotal: number | null = null): KeysetPages {
  const total = previousTotal ? Math.min(previousTotal, PAGE_SIZE) : null;
  return { cursors: [null], total, isLoaded: false, failure: null };
}

export const countRows = ({ total, cursors }: KeysetPages) => total ?? cursors.length * PAGE_SIZE;

/**
 * Adds a page that has been fetched. If it ends at another row than before, because sessions were added or removed, the
 * next page starts there.
 */
export function addPage(pages: KeysetPages, page: number, { nodes, pageInfo }: Connection): KeysetPages {
  const { endCursor, hasNextPage } = pageInfo;
  const { cursors } = pages;
  const loaded = { ...pages, isLoaded: true, failure: pages.failure?.page === page ? null : pages.failure };
  if (!hasNextPage || !endCursor) {
    return { ...loaded, cursors: cursors.slice(0, page + 1), total: page * PAGE_SIZE + nodes.length };
  }
  const hasGrown = pages.total !== null && pages.total <= (page + 1) * PAGE_SIZE;
  const total = hasGrown ? null : pages.total;
  if (cursors[page + 1] === endCursor) return { ...loaded, total };
  return { ...loaded, total, cursors: cursors.toSpliced(page + 1, 1, endCursor) };
}

interface RenderedRows {
  first: number;
  last: number;
  /** The active row is rendered even if it is scrolled out of view, because screen readers read it. */
  active: number | undefined;
  pageCount: number;
}

/** The rows to render, by page. The next page has no rows to render yet, but is fetched. */
export function rowsByPage({ first, last, active, pageCount }: RenderedRows): Map<number, number[]> {
  const pages = new Map<number, number[]>();
  const add = (row: number) => {
    const page = Math.floor(row / PAGE_SIZE);
    pages.set(page, [...(pages.get(page) ?? []), row]);
  };
  for (let row = first; row <= last; row += 1) add(row);
  if (active !== undefined && (active < first || active > last)) add(active);
  const next = Math.min(Math.floor((Math.max(last, 0) + PREFETCH_ROWS) / PAGE_SIZE), pageCount - 1);
  if (!pages.has(next)) pages.set(next, []);
  return pages;
}
