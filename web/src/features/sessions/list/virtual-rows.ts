// Rows rendered above and below the visible ones.
const OVERSCAN = 5;

export interface Viewport {
  scrollTop: number;
  height: number;
  rowHeight: number;
  /** The height of the header, which covers the top of the viewport. */
  headerHeight: number;
}

/** The first and the last row to render. The last may be beyond the end of the list. */
export function visibleRows({ scrollTop, height, rowHeight, headerHeight }: Viewport) {
  return {
    first: Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN),
    last: Math.ceil((scrollTop + height - headerHeight) / rowHeight) - 1 + OVERSCAN,
  };
}

/** The scroll position that shows a row, which is the current one if the row is visible. */
export function scrollTopFor(row: number, { scrollTop, height, rowHeight, headerHeight }: Viewport) {
  const highest = row * rowHeight;
  const lowest = highest + rowHeight + headerHeight - height;
  return Math.min(Math.max(scrollTop, lowest), highest);
}
