/**
 * The server's clock decides what has expired. The browser's clock is corrected by the `Date` header of responses, but
 * only if the two clearly differ: the header has a resolution of one second.
 */
const TOLERANCE_MS = 3000;
const SECOND_MS = 1000;

let offset = 0;

/** Corrects the clock by the `Date` header of a response. */
export function syncClock(date: string | null) {
  const difference = date ? Date.parse(date) - Date.now() : 0;
  offset = Math.abs(difference) > TOLERANCE_MS ? difference : 0;
}

/** The server's time, in milliseconds since 1970. */
const serverNow = () => Date.now() + offset;

const listeners = new Set<() => void>();
let lastTick = serverNow();
let timer: ReturnType<typeof setTimeout> | undefined;

/** The server's time at the last tick, in milliseconds since 1970. It stays the same until the next tick. */
export const getLastTick = () => lastTick;

/** Calls the listener at the start of every second. One timer serves all listeners. */
export function subscribeToTicks(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) tick();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}

function tick() {
  lastTick = serverNow();
  for (const listener of listeners) listener();
  timer = setTimeout(tick, SECOND_MS - (lastTick % SECOND_MS));
}
