import { useState } from "react";

/** The latest data of a query. It stays on the screen while it is fetched again, and if that fails. */
export function useLatestData<T>(data: T | null | undefined) {
  const [latest, setLatest] = useState(data);
  if (data && data !== latest) setLatest(data);
  return data ?? latest;
}
