import { type RefObject, useCallback, useLayoutEffect, useState } from "react";
import { flushSync } from "react-dom";
import { scrollTopFor, visibleRows } from "./virtual-rows";

/** The rows to render. All rows have the same height, so the cost does not depend on the length of the list. */
export function useVirtualRows(table: RefObject<HTMLElement | null>, rowHeight: number, headerHeight: number) {
  const [{ first, last }, setRange] = useState({ first: 0, last: 0 });

  const getViewport = useCallback(() => {
    const { scrollTop = 0, clientHeight = 0 } = table.current ?? {};
    return { scrollTop, height: clientHeight, rowHeight, headerHeight };
  }, [table, rowHeight, headerHeight]);

  const update = useCallback(() => {
    const range = visibleRows(getViewport());
    setRange((previous) => (previous.first === range.first && previous.last === range.last ? previous : range));
  }, [getViewport]);

  useLayoutEffect(() => {
    if (!table.current) return;
    update();
    const observer = new ResizeObserver(update);
    observer.observe(table.current);
    return () => observer.disconnect();
  }, [table, update]);

  // Render synchronously, so that no empty space scrolls into view.
  const onScroll = useCallback(() => flushSync(update), [update]);

  const scrollTo = useCallback(
    (row: number) => {
      if (table.current) table.current.scrollTop = scrollTopFor(row, getViewport());
    },
    [table, getViewport],
  );

  return { first, last, onScroll, scrollTo };
}
