import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation, useNavigate, useNavigationType } from "react-router";
import { queryOf, soughtIn, type View, viewOf } from "./view";

const PAUSE = 200;

/**
 * The view that the URL holds, and the text in the search box, which the URL follows after a pause. A change is a step
 * of the history; typing is none.
 */
export function useView() {
  const location = useLocation();
  const navigate = useNavigate();
  const isTyped = useNavigationType() === "REPLACE" && location.state?.typed === true;
  const view = useMemo(() => viewOf(new URLSearchParams(location.search)), [location.search]);
  const [text, setText] = useState(view.search);

  const [followed, setFollowed] = useState(view.search);
  if (followed !== view.search) {
    setFollowed(view.search);
    // What was typed since the URL began to follow must not be lost.
    if (!isTyped) setText(view.search);
  }

  const search = text.trim();
  useEffect(() => {
    if (search === view.search) return;
    const timer = window.setTimeout(() => {
      navigate({ search: queryOf({ ...current(), search }) }, { replace: true, state: { typed: true } });
    }, PAUSE);
    return () => window.clearTimeout(timer);
  }, [navigate, search, view]);

  const change = useCallback(
    (changed: Partial<View>) => {
      if (changed.search !== undefined) setText(changed.search);
      const query = queryOf({ ...current(), search, ...changed });
      if (query !== queryOf(current())) navigate({ search: query });
    },
    [navigate, search],
  );
  return { view, text, setText: (text: string) => setText(soughtIn(text)), change };
}

/** What the address says by now: a change may follow another before that is drawn. */
const current = () => viewOf(new URLSearchParams(window.location.search));
