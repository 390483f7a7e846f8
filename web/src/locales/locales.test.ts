import { describe, expect, test } from "vitest";
import en from "./en";
import id from "./id";

type Texts = { [key: string]: string | Texts };

/** All texts by their path, as in "settings.expiration.title". */
function flatten(texts: Texts, path = ""): Record<string, string> {
  const entries = Object.entries(texts).map(([key, value]) =>
    typeof value === "string" ? { [path + key]: value } : flatten(value, `${path}${key}.`),
  );
  return Object.assign({}, ...entries);
}

const ENGLISH = flatten(en);
const INDONESIAN = flatten(id);

/** The placeholders and tags of each text. */
const partsOf = (texts: Record<string, string>) =>
  Object.entries(texts).map(([path, text]) => [path, text.match(/\{\{\w+\}\}|<\/?\w+>/g)?.sort() ?? []]);

describe("the languages", () => {
  test("have the same texts", () => {
    expect(Object.keys(INDONESIAN).sort()).toEqual(Object.keys(ENGLISH).sort());
  });

  test("have the same placeholders and tags in every text", () => {
    expect(Object.fromEntries(partsOf(INDONESIAN))).toEqual(Object.fromEntries(partsOf(ENGLISH)));
  });

  test("have no empty text, and no stray spaces", () => {
    for (const text of [...Object.values(ENGLISH), ...Object.values(INDONESIAN)]) {
      expect(text).toMatch(/^\S+( \S+)*$/);
    }
  });
});
