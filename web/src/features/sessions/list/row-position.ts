import { PAGE_SIZE } from "./keyset-pages";

export interface RowPosition {
  index: number;
  /** The ID of the session in this row, or undefined if the row is not loaded. */
  id: string | undefined;
}

type Rows = readonly { id: string }[];

/**
 * The position of the same session after a page was fetched again. Undefined if it has not moved or is not on the page.
 * A position without an ID gets the ID of the session that is there now.
 */
export function moveWithSession(position: RowPosition, page: number, rows: Rows): RowPosition | undefined {
  const { index, id } = position;
  const rowOnPage = id === undefined ? index - page * PAGE_SIZE : rows.findIndex((session) => session.id === id);
  const session = rows[rowOnPage];
  if (!session) return undefined;
  const newIndex = page * PAGE_SIZE + rowOnPage;
  return session.id === id && newIndex === index ? undefined : { index: newIndex, id: session.id };
}
