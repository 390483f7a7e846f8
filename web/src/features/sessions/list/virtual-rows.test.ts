import { describe, expect, test } from "vitest";
import { scrollTopFor, visibleRows } from "./virtual-rows";

// Ten rows fit below the header.
const VIEWPORT = { scrollTop: 0, height: 436, rowHeight: 40, headerHeight: 36 };

describe("visibleRows", () => {
  test("are the visible rows and five more on either side", () => {
    expect(visibleRows({ ...VIEWPORT, scrollTop: 4_000 })).toEqual({ first: 95, last: 114 });
  });

  test("start at the first row", () => {
    expect(visibleRows(VIEWPORT)).toEqual({ first: 0, last: 14 });
  });

  test("include rows that are partly visible", () => {
    expect(visibleRows({ ...VIEWPORT, scrollTop: 4_020 })).toEqual({ first: 95, last: 115 });
  });
});

describe("scrollTopFor", () => {
  test("does not scroll if the row is visible", () => {
    for (const row of [100, 105, 109]) expect(scrollTopFor(row, { ...VIEWPORT, scrollTop: 4_000 })).toBe(4_000);
  });

  test("scrolls as little as necessary", () => {
    expect(scrollTopFor(99, { ...VIEWPORT, scrollTop: 4_000 })).toBe(3_960);
    expect(scrollTopFor(110, { ...VIEWPORT, scrollTop: 4_000 })).toBe(4_040);
  });

  test("shows every row below the header and above the end", () => {
    for (const scrollTop of [0, 77, 4_000, 9_999]) {
      for (let row = 0; row < 300; row += 7) {
        const top = row * 40 - scrollTopFor(row, { ...VIEWPORT, scrollTop });
        expect(top).toBeGreaterThanOrEqual(0);
        expect(top + 40 + 36).toBeLessThanOrEqual(436);
      }
    }
  });
});
