import { describe, expect, test } from "vitest";
import { COLUMNS, OPTIONAL_COLUMNS, parseHiddenColumns } from "./columns";

test("the ID, the customer, the link and the status cannot be hidden", () => {
  const required = COLUMNS.map(({ name }) => name).filter((name) => !OPTIONAL_COLUMNS.includes(name));
  expect(required).toEqual(["id", "customer", "link", "status"]);
});

describe("parseHiddenColumns", () => {
  test("reads names of optional columns", () => {
    expect(parseHiddenColumns('["conversion","room"]')).toEqual(["room", "conversion"]);
  });

  test.each([undefined, "", "{nonsense", "null", "7", '{"room":true}', '"room"', '["id","other",7]'])(
    "ignores %j",
    (stored) => {
      expect(parseHiddenColumns(stored)).toEqual([]);
    },
  );
});
