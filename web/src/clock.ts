import { useSyncExternalStore } from "react";

/**
 * The server's time: it decides what has expired. Most clocks are right to the second; one that is clearly wrong is
 * corrected by the `Date` of the server's answers, which is told in whole seconds.
 */
const TOLERANCE = 3000;
const SECOND = 1000;

let offset = 0;

export function keepTime(date: string | null) {
  const difference = date ? Date.parse(date) - Date.now() : 0;
  offset = Math.abs(difference) > TOLERANCE ? difference : 0;
}

/** Milliseconds since 1970. */
export const serverNow = () => Date.now() + offset;

const listeners = new Set<() => void>();
let now = serverNow();
let timer: number | undefined;

function tick() {
  now = serverNow();
  for (const listener of listeners) listener();
  timer = window.setTimeout(tick, SECOND - (now % SECOND));
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) tick();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearTimeout(timer);
      timer = undefined;
    }
  };
}

/**
 * What is true of the server's time, at every second: a component is drawn again only when the answer changes.
 * `read` must answer with a text, number or boolean.
 */
export function useClock<T extends string | number | boolean | null>(read: (now: number) => T): T {
  return useSyncExternalStore(subscribe, () => read(now));
}
