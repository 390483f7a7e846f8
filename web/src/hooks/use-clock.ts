import { useSyncExternalStore } from "react";
import { getLastTick, subscribeToTicks } from "../clock";

/**
 * Computes a value from the server's time (milliseconds since 1970), every second. The component renders again only
 * when the value changes, so `compute` must return a primitive.
 */
export function useClock<T extends string | number | boolean | null>(compute: (now: number) => T): T {
  return useSyncExternalStore(subscribeToTicks, () => compute(getLastTick()));
}
