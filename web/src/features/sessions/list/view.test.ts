import { describe, expect, test } from "vitest";
import { formatSort, formatView, hasFilters, NO_FILTERS, parseSort, parseView, type View, viewVariables } from "./view";

const DEFAULT: View = { ...NO_FILTERS, field: "DATE_CREATED", direction: "DESC" };

const parse = (query: string) => parseView(new URLSearchParams(query));

describe("parseView", () => {
  test("of an empty query is the default view", () => {
    expect(parse("")).toEqual(DEFAULT);
  });

  test("reads every parameter", () => {
    expect(
      parse("?search=+dewi+&status=expired,revoked&converted=no&from=2026-01-30&to=2026-01-31&sort=-name"),
    ).toEqual({
      search: "dewi",
      statuses: ["EXPIRED", "REVOKED"],
      converted: false,
      from: "2026-01-30",
      to: "2026-01-31",
      field: "CUSTOMER_NAME",
      direction: "DESC",
    });
  });

  test.each([
    "status=nope&converted=maybe&sort=sideways&from=2026-02-31&to=tomorrow",
    "status=&converted=__proto__&sort=constructor&from=0001-01-01&to=99999-01-01",
    "search=%20&sort=-&status=,,&%",
    "to=9999-12-31",
    "unknown=parameter",
  ])("ignores what is malformed in %s", (query) => {
    expect(parse(query)).toEqual(DEFAULT);
  });

  test("has each status once, in one order", () => {
    expect(parse("status=revoked,active,revoked").statuses).toEqual(["ACTIVE", "REVOKED"]);
  });
});

describe("formatView", () => {
  test("of the default view is empty", () => {
    expect(formatView(DEFAULT)).toBe("");
  });

  test("omits defaults", () => {
    const view: View = {
      ...DEFAULT,
      search: "a&b",
      statuses: ["ACTIVE", "EXPIRED"],
      converted: true,
      field: "EXPIRED_TIME",
    };
    expect(formatView(view)).toBe("?search=a%26b&status=active,expired&converted=yes&sort=-expires");
  });

  test("is read back as the same view", () => {
    for (const search of ["", "dewi lestari", "50% & more, +62 #1 ✓"])
      for (const statuses of [[], ["ACTIVE"], ["ACTIVE", "EXPIRED", "REVOKED"]] as View["statuses"][])
        for (const converted of [null, true, false])
          for (const [from, to] of [
            ["", ""],
            ["2026-01-30", ""],
            ["2026-02-01", "2026-01-31"],
          ] as const)
            for (const field of ["DATE_CREATED", "EXPIRED_TIME", "CUSTOMER_NAME"] as const)
              for (const direction of ["ASC", "DESC"] as const) {
                const view: View = { search, statuses, converted, from, to, field, direction };
                expect(parse(formatView(view))).toEqual(view);
              }
  });
});

describe("parseSort", () => {
  test.each(["created", "-created", "expires", "-expires", "name", "-name"])("reads back %s", (sort) => {
    expect(formatSort(parseSort(sort))).toBe(sort);
  });

  test.each(["", "-", "--name", "toString"])("uses the default for %j", (sort) => {
    expect(formatSort(parseSort(sort))).toBe("-created");
  });
});

describe("viewVariables", () => {
  test("has no filter for the default view", () => {
    expect(viewVariables(DEFAULT)).toEqual({ filter: null, orderBy: { field: "DATE_CREATED", direction: "DESC" } });
  });

  test("has only the filters that are set", () => {
    expect(viewVariables({ ...DEFAULT, search: "dewi" }).filter).toEqual({ search: "dewi" });
    expect(viewVariables({ ...DEFAULT, statuses: ["REVOKED"] }).filter).toEqual({ tokenStatus: ["REVOKED"] });
    expect(viewVariables({ ...DEFAULT, converted: false }).filter).toEqual({ converted: false });
  });

  test("starts days at midnight in the browser's time zone, and includes the last day", () => {
    expect(viewVariables({ ...DEFAULT, from: "2026-01-30", to: "2026-01-31" }).filter).toEqual({
      dateCreated: { from: "2026-01-29T17:00:00.000Z", to: "2026-01-31T17:00:00.000Z" },
    });
    expect(viewVariables({ ...DEFAULT, to: "2026-12-31" }).filter).toEqual({
      dateCreated: { to: "2026-12-31T17:00:00.000Z" },
    });
  });
});

describe("hasFilters", () => {
  test("is false for any sort order alone", () => {
    expect(hasFilters({ ...DEFAULT, field: "CUSTOMER_NAME", direction: "ASC" })).toBe(false);
  });

  test.each<Partial<View>>([
    { search: "a" },
    { statuses: ["ACTIVE"] },
    { converted: false },
    { from: "2026-01-01" },
    { to: "2026-01-01" },
  ])("is true for %j", (filter) => {
    expect(hasFilters({ ...DEFAULT, ...filter })).toBe(true);
  });
});
