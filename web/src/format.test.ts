import i18next from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import { createFormats, type Formats, localeOf } from "./format";
import en from "./locales/en";
import id from "./locales/id";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let english: Formats;
let indonesian: Formats;

beforeAll(async () => {
  await i18next.init({ resources: { en, id }, lng: "en", defaultNS: "common" });
  english = createFormats("en-GB", i18next.getFixedT("en"));
  indonesian = createFormats("id-ID", i18next.getFixedT("id"));
});

/** With plain spaces: which kind of space a locale uses depends on the version of its data. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

describe("localeOf", () => {
  test("prefers a locale of the browser, which names the country", () => {
    expect(localeOf("en", ["id-ID", "en-GB", "en-US"])).toBe("en-GB");
  });

  test("is the language if the browser does not list it", () => {
    expect(localeOf("id", ["en-GB"])).toBe("id");
  });
});

describe("duration", () => {
  test.each([
    [0, "0 s"],
    [59 * SECOND + 999, "59 s"],
    [MINUTE, "1 min 0 s"],
    [HOUR - SECOND, "59 min 59 s"],
    [2 * HOUR + 5 * MINUTE + 59 * SECOND, "2 h 5 min"],
    [DAY, "1 d 0 h"],
    [3 * DAY + 23 * HOUR + 59 * MINUTE, "3 d 23 h"],
  ])("%d ms is written as %s", (milliseconds, expected) => {
    expect(english.duration(milliseconds)).toBe(expected);
  });

  test("has Indonesian units", () => {
    expect(indonesian.duration(90 * MINUTE)).toBe("1 j 30 mnt");
  });
});

describe("ago", () => {
  test.each([
    [0, "0 seconds ago"],
    [1_999, "1 second ago"],
    [MINUTE, "1 minute ago"],
    [HOUR - 1, "59 minutes ago"],
    [DAY - 1, "23 hours ago"],
    [40 * DAY, "40 days ago"],
  ])("%d ms is written as %s", (milliseconds, expected) => {
    expect(english.ago(milliseconds)).toBe(expected);
  });
});

describe("minutes", () => {
  test.each([
    [1, "1 minute"],
    [30, "30 minutes"],
    [60, "1 hour"],
    [90, "1 hour 30 minutes"],
    [1440, "24 hours"],
  ])("%d is written as %s", (count, expected) => {
    expect(english.minutes(count)).toBe(expected);
  });

  test("is empty for 0, which means never, and for no number", () => {
    expect(english.minutes(0)).toBe("");
    expect(english.minutes(Number.NaN)).toBe("");
  });

  test("has Indonesian units", () => {
    expect(indonesian.minutes(90)).toBe("1 jam 30 menit");
  });
});

describe("money", () => {
  test.each([
    ["185000", "IDR", "IDR 185,000"],
    ["189000.50", "IDR", "IDR 189,000.5"],
    ["12", "USD", "US$12.00"],
    ["12.3456", "USD", "US$12.3456"],
    ["90071992547409931234.05", "USD", "US$90,071,992,547,409,931,234.05"],
  ])("%s %s is written as %s, with all of its digits", (amount, currency, expected) => {
    expect(plain(english.money(amount, currency))).toBe(expected);
  });

  test("follows the country", () => {
    expect(plain(indonesian.money("185000", "IDR"))).toBe("Rp 185.000");
  });
});

test("times are in the browser's time zone", () => {
  expect(plain(english.dateTime("2026-01-31T18:30:15Z"))).toBe("1 Feb 2026, 01:30");
  expect(plain(english.preciseDateTime("2026-01-31T18:30:15Z"))).toBe("1 Feb 2026, 01:30:15");
});

test("numbers and percentages follow the country", () => {
  expect(english.number(1234567)).toBe("1,234,567");
  expect(indonesian.number(1234567)).toBe("1.234.567");
  expect(english.percent(1 / 3)).toBe("33.3%");
  expect(english.percent(0)).toBe("0%");
});
