import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { getLastTick, subscribeToTicks, syncClock } from "./clock";

const NOW = Date.parse("2026-03-01T12:00:00.250Z");

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  syncClock(null);
  vi.useRealTimers();
});

/** The server's time at a tick. */
function tickNow() {
  subscribeToTicks(() => undefined)();
  return new Date(getLastTick()).toISOString();
}

describe("syncClock", () => {
  test("ignores differences of up to three seconds", () => {
    syncClock("Sun, 01 Mar 2026 12:00:03 GMT");
    expect(tickNow()).toBe("2026-03-01T12:00:00.250Z");
  });

  test.each([
    ["Sun, 01 Mar 2026 13:00:00 GMT", "2026-03-01T13:00:00.000Z"],
    ["Sun, 01 Mar 2026 11:00:00 GMT", "2026-03-01T11:00:00.000Z"],
  ])("corrects larger differences: %s", (date, expected) => {
    syncClock(date);
    expect(tickNow()).toBe(expected);
  });

  test("stops correcting when the clocks agree again", () => {
    syncClock("Sun, 01 Mar 2026 13:00:00 GMT");
    syncClock("Sun, 01 Mar 2026 12:00:00 GMT");
    expect(tickNow()).toBe("2026-03-01T12:00:00.250Z");
  });

  test.each([null, "not a date"])("ignores a response without a valid date: %s", (date) => {
    syncClock(date);
    expect(tickNow()).toBe("2026-03-01T12:00:00.250Z");
  });
});

describe("subscribeToTicks", () => {
  test("calls all listeners at the start of every second", () => {
    const ticks: number[] = [];
    const unsubscribe = subscribeToTicks(() => ticks.push(getLastTick() - NOW));
    const other = vi.fn();
    const unsubscribeOther = subscribeToTicks(other);
    vi.advanceTimersByTime(2_900);
    expect(ticks).toEqual([0, 750, 1_750, 2_750]);
    expect(other).toHaveBeenCalledTimes(3);
    unsubscribe();
    unsubscribeOther();
  });

  test("stops the timer after the last listener is removed", () => {
    const unsubscribe = subscribeToTicks(() => undefined);
    const unsubscribeOther = subscribeToTicks(() => undefined);
    unsubscribe();
    expect(vi.getTimerCount()).toBe(1);
    unsubscribeOther();
    expect(vi.getTimerCount()).toBe(0);
  });
});
