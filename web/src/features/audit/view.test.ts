import { describe, expect, test } from "vitest";
import { formatValue, formatView, parseView, viewFilter } from "./view";

const NONE = { action: null, object: "", actor: "", from: "", to: "" };
const KEY = "key_01h455vb4pex5vsknk084sn02q";

describe("the view", () => {
  test("is empty without a query string", () => {
    expect(parseView(new URLSearchParams())).toEqual(NONE);
    expect(formatView(NONE)).toEqual({});
    expect(viewFilter(NONE)).toEqual({});
  });

  test("survives the query string", () => {
    const view = {
      action: "APP_UPDATED" as const,
      object: "app_1",
      actor: "dewi",
      from: "2026-01-30",
      to: "2026-01-31",
    };
    expect(parseView(new URLSearchParams(formatView(view)))).toEqual(view);
  });

  test("ignores unknown actions and malformed days", () => {
    const query = new URLSearchParams("action=nothing&actor= dewi &from=2026-02-31&to=tomorrow");
    expect(parseView(query)).toEqual({ ...NONE, actor: "dewi" });
  });
});

describe("the filter", () => {
  test.each([
    [KEY, { apiKeyId: KEY }],
    ["auth0|17", { userId: "auth0|17" }],
    ["key_1", { userId: "key_1" }],
  ])("finds the events of %s", (actor, filter) => {
    expect(viewFilter({ ...NONE, actor })).toEqual(filter);
  });

  test("finds whole days in the browser's time zone", () => {
    expect(viewFilter({ ...NONE, from: "2026-01-30", to: "2026-01-31" })).toEqual({
      at: { from: "2026-01-29T17:00:00.000Z", to: "2026-01-31T17:00:00.000Z" },
    });
  });

  test("finds an action and an object", () => {
    expect(viewFilter({ ...NONE, action: "SIGNED_IN", object: "app_1" })).toEqual({
      actions: ["SIGNED_IN"],
      objectId: "app_1",
    });
  });
});

test.each([
  [null, ""],
  [undefined, ""],
  ["https://shop.example", "https://shop.example"],
  [30, "30"],
  [["admin"], '["admin"]'],
])("a value %j is shown as %j", (value, text) => {
  expect(formatValue(value)).toBe(text);
});
