import { type RefObject, useCallback, useRef, useState } from "react";
import type { SessionFieldsFragment } from "../../../gql/graphql";
import { PAGE_SIZE } from "./keyset-pages";
import { moveWithSession, type RowPosition } from "./row-position";

type Sessions = readonly SessionFieldsFragment[];

/**
 * The active row, which the keyboard acts on, and the scroll position. Both stay with their session when sessions are
 * added or removed above it.
 */
export function useActiveRow(table: RefObject<HTMLTableElement | null>, rowHeight: number) {
  const [active, setActive] = useState<RowPosition>();
  const top = useRef<RowPosition>(undefined);
  const sessionsByPage = useRef(new Map<number, Sessions>());

  const positionOf = useCallback((index: number): RowPosition => {
    const sessions = sessionsByPage.current.get(Math.floor(index / PAGE_SIZE));
    return { index, id: sessions?.[index % PAGE_SIZE]?.id };
  }, []);

  const onScroll = useCallback(() => {
    const offset = table.current?.scrollTop ?? 0;
    // At the top of the list, new sessions should be visible: nothing is anchored.
    top.current = offset > 0 ? positionOf(Math.ceil(offset / rowHeight)) : undefined;
  }, [table, rowHeight, positionOf]);

  const onPage = useCallback(
    (page: number, sessions: Sessions) => {
      sessionsByPage.current.set(page, sessions);
      const moved = top.current && moveWithSession(top.current, page, sessions);
      if (top.current && moved) {
        table.current?.scrollBy(0, (moved.index - top.current.index) * rowHeight);
        top.current = moved;
      }
      setActive((active) => active && (moveWithSession(active, page, sessions) ?? active));
    },
    [table, rowHeight],
  );

  const select = useCallback((index: number) => setActive(positionOf(index)), [positionOf]);

  const reset = useCallback(() => {
    setActive(undefined);
    top.current = undefined;
    sessionsByPage.current.clear();
  }, []);

  return { active: active?.index, select, onScroll, onPage, reset };
}
