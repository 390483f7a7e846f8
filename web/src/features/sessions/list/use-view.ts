import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation, useNavigate, useNavigationType } from "react-router";
import { normalizeSearch } from "./search-text";
import { formatView, parseView, type View } from "./view";

const TYPING_PAUSE_MS = 200;

/**
 * The view in the URL, and the text in the search box, which the URL follows after a pause. A change of the filters adds
 * an entry to the browser's history; typing replaces the current one.
 */
export function useView() {
  const location = useLocation();
  const navigate = useNavigate();
  const wasTyped = useNavigationType() === "REPLACE" && location.state?.typed === true;
  const view = useMemo(() => parseView(new URLSearchParams(location.search)), [location.search]);
  const [searchText, setText] = useState(view.search);

  const [previousSearch, setPreviousSearch] = useState(view.search);
  if (previousSearch !== view.search) {
    setPreviousSearch(view.search);
    // If the URL follows the search box, the user may have typed more since: keep that.
    if (!wasTyped) setText(view.search);
  }

  const search = searchText.trim();
  useEffect(() => {
    if (search === view.search) return;
    const timer = window.setTimeout(() => {
      navigate({ search: formatView({ ...currentView(), search }) }, { replace: true, state: { typed: true } });
    }, TYPING_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [navigate, search, view]);

  const changeView = useCallback(
    (changes: Partial<View>) => {
      if (changes.search !== undefined) setText(changes.search);
      const query = formatView({ ...currentView(), search, ...changes });
      if (query !== formatView(currentView())) navigate({ search: query });
    },
    [navigate, search],
  );
  const setSearchText = (text: string) => setText(normalizeSearch(text));
  return { view, searchText, setSearchText, changeView };
}

/** The view in the address bar, which may be newer than the last render. */
const currentView = () => parseView(new URLSearchParams(window.location.search));
