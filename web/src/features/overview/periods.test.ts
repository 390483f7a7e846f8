import { describe, expect, test } from "vitest";
import { createPeriodFormats, dayNumber, fillPeriods, parseRange, periodOf, RANGES, rangeStart } from "./periods";

const DAY = 86_400_000;
// A Thursday.
const TODAY = dayNumber(Date.parse("2026-01-15T23:59:59Z"));

const day = (time: number) => new Date(time).toISOString().slice(0, 10);

describe("parseRange", () => {
  test.each([
    ["7", 7],
    ["30", 30],
    ["90", 90],
    [null, 30],
    ["12", 30],
    ["7.0", 30],
    ["", 30],
  ])("%j is %d days", (text, expected) => {
    expect(parseRange(text)).toBe(expected);
  });
});

test("ranges of more than a month are shown by week", () => {
  expect(RANGES.map(periodOf)).toEqual(["DAY", "DAY", "WEEK"]);
});

test("a range includes today", () => {
  expect(day(rangeStart(TODAY, 7))).toBe("2026-01-09");
  expect(day(rangeStart(TODAY, 90))).toBe("2025-10-18");
});

describe("fillPeriods", () => {
  test("adds the days that the API omits", () => {
    const answered = [
      { start: "2026-01-10T00:00:00Z", total: 3, opened: 2, converted: 1 },
      { start: "2026-01-15T00:00:00Z", total: 5, opened: 0, converted: 0 },
    ];
    const periods = fillPeriods(TODAY, 7, answered);
    expect(periods.map(({ start, total, opened, converted }) => [day(start), total, opened, converted])).toEqual([
      ["2026-01-09", 0, 0, 0],
      ["2026-01-10", 3, 2, 1],
      ["2026-01-11", 0, 0, 0],
      ["2026-01-12", 0, 0, 0],
      ["2026-01-13", 0, 0, 0],
      ["2026-01-14", 0, 0, 0],
      ["2026-01-15", 5, 0, 0],
    ]);
    expect(periods.every(({ start, lastDay }) => start === lastDay)).toBe(true);
  });

  test("starts weeks on Monday, and cuts off the first and the last", () => {
    // The range starts on Saturday, 18 October 2025. The API's week starts on the Monday before.
    const answered = [{ start: "2025-10-13T00:00:00Z", total: 4, opened: 1, converted: 0 }];
    const weeks = fillPeriods(TODAY, 90, answered);
    expect(weeks.at(0)).toMatchObject({ total: 4, opened: 1 });
    const days = weeks.map(({ start, lastDay }) => [day(start), day(lastDay)]);
    expect(days.at(0)).toEqual(["2025-10-18", "2025-10-19"]);
    expect(days.at(1)).toEqual(["2025-10-20", "2025-10-26"]);
    expect(days.at(-1)).toEqual(["2026-01-12", "2026-01-15"]);
  });

  test.each(RANGES)("covers every day of %d days once, on any weekday", (range) => {
    for (let today = TODAY; today < TODAY + 7; today += 1) {
      const periods = fillPeriods(today, range, []);
      expect(periods.at(0)?.start).toBe(rangeStart(today, range));
      expect(periods.at(-1)?.lastDay).toBe(today * DAY);
      for (const [index, { start }] of periods.slice(1).entries()) {
        expect(start).toBe((periods[index]?.lastDay ?? 0) + DAY);
      }
    }
  });
});

test("periods are written as a day or as a range of days", () => {
  const { day, period } = createPeriodFormats("en-GB");
  const start = Date.parse("2026-11-03T00:00:00Z");
  expect(day(start)).toBe("3 Nov");
  expect(period({ start, lastDay: start })).toBe("3 Nov");
  expect(period({ start, lastDay: start + 6 * DAY }).replaceAll(/\s/g, "")).toBe("3–9Nov");
});
