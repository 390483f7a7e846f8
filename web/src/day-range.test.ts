import { describe, expect, test } from "vitest";
import { dateTimeRange, isReversed, parseDay } from "./day-range";

describe("parseDay", () => {
  test.each(["2026-01-31", "2024-02-29", "1970-01-01", "9998-12-31"])("accepts %s", (day) => {
    expect(parseDay(day)).toBe(day);
  });

  test.each([null, "", "2026-02-31", "2025-02-29", "2026-1-1", "1969-12-31", "9999-01-01", "2026-01-01T00:00"])(
    "rejects %j",
    (day) => {
      expect(parseDay(day)).toBe("");
    },
  );
});

describe("dateTimeRange", () => {
  test.each([
    ["2026-01-30", "2026-01-31", { from: "2026-01-29T17:00:00.000Z", to: "2026-01-31T17:00:00.000Z" }],
    ["2026-01-30", "", { from: "2026-01-29T17:00:00.000Z" }],
    ["", "2026-12-31", { to: "2026-12-31T17:00:00.000Z" }],
    ["", "", undefined],
  ])("from %j to %j has whole days in the browser's time zone", (from, to, range) => {
    expect(dateTimeRange({ from, to })).toEqual(range);
  });
});

test.each([
  ["2026-01-30", "2026-01-31", false],
  ["2026-01-31", "2026-01-31", false],
  ["2026-02-01", "2026-01-31", true],
  ["2026-02-01", "", false],
  ["", "2026-01-31", false],
])("from %j to %j is reversed: %j", (from, to, reversed) => {
  expect(isReversed({ from, to })).toBe(reversed);
});
