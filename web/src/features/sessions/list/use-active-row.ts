import { type RefObject, useCallback, useRef, useState } from "react";
import type { SessionFieldsFragment } from "../../../gql/graphql";
import { PAGE } from "./use-keyset-pages";

interface Spot {
  index: number;
  /** Of the session there. Undefined: it is not there yet. */
  id: string | undefined;
}

/** Where one is in the list, which stays with its session when other rows come or go before it. */
export function usePlace(grid: RefObject<HTMLTableElement | null>, height: number) {
  const [active, setActive] = useState<Spot>();
  const top = useRef<Spot>(undefined);
  const sessions = useRef(new Map<number, readonly SessionFieldsFragment[]>());

  const spotAt = useCallback(
    (index: number): Spot => ({ index, id: sessions.current.get(Math.floor(index / PAGE))?.[index % PAGE]?.id }),
    [],
  );

  const scrolled = useCallback(() => {
    const offset = grid.current?.scrollTop ?? 0;
    // Who is at the top wants to see what is new.
    top.current = offset > 0 ? spotAt(Math.ceil(offset / height)) : undefined;
  }, [grid, height, spotAt]);

  const follow = useCallback(
    (page: number, nodes: readonly SessionFieldsFragment[]) => {
      sessions.current.set(page, nodes);
      const shown = top.current && spotIn(page, nodes, top.current);
      if (shown) {
        const moved = shown.index - (top.current?.index ?? shown.index);
        if (moved !== 0) grid.current?.scrollBy(0, moved * height);
        top.current = shown;
      }
      setActive((active) => active && (spotIn(page, nodes, active) ?? active));
    },
    [grid, height],
  );

  const select = useCallback((index: number) => setActive(spotAt(index)), [spotAt]);

  const forget = useCallback(() => {
    setActive(undefined);
    top.current = undefined;
    sessions.current.clear();
  }, []);

  return { active: active?.index, select, scrolled, follow, forget };
}

/** Where the spot's session is in this page; undefined: it is not in it, or just where it was. */
function spotIn(page: number, nodes: readonly SessionFieldsFragment[], { index, id }: Spot): Spot | undefined {
  const at = id === undefined ? index - page * PAGE : nodes.findIndex((session) => session.id === id);
  const session = nodes[at];
  if (!session || (session.id === id && page * PAGE + at === index)) return undefined;
  return { index: page * PAGE + at, id: session.id };
}
