import { type RefObject, useCallback, useLayoutEffect, useState } from "react";
import { flushSync } from "react-dom";

// Rows that are drawn above and below those in view.
const SPARE = 5;

/**
 * The rows in view, from the first to the last, and how to bring one there. All have one height, so that it takes no
 * longer to know, however many there are.
 */
export function useRowsInView(grid: RefObject<HTMLElement | null>, height: number, header: number) {
  const [first, setFirst] = useState(0);
  const [last, setLast] = useState(0);

  const look = useCallback(() => {
    const { scrollTop = 0, clientHeight = 0 } = grid.current ?? {};
    setFirst(Math.max(0, Math.floor(scrollTop / height) - SPARE));
    setLast(Math.ceil((scrollTop + clientHeight - header) / height) - 1 + SPARE);
  }, [grid, height, header]);

  useLayoutEffect(() => {
    if (!grid.current) return;
    look();
    const observer = new ResizeObserver(look);
    observer.observe(grid.current);
    return () => observer.disconnect();
  }, [grid, look]);

  // What scrolls into view is there when it does.
  const scrolled = useCallback(() => flushSync(look), [look]);

  const show = useCallback(
    (row: number) => {
      if (!grid.current) return;
      const { scrollTop, clientHeight } = grid.current;
      const lowest = row * height;
      const highest = lowest + height + header - clientHeight;
      grid.current.scrollTop = Math.min(Math.max(scrollTop, highest), lowest);
    },
    [grid, height, header],
  );

  return { first, last, scrolled, show };
}
