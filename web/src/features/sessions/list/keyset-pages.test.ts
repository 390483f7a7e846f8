import { CombinedError } from "urql";
import { describe, expect, test } from "vitest";
import { addPage, countRows, initialPages, type KeysetPages, PAGE_SIZE, rowsByPage } from "./keyset-pages";

const ERROR = new CombinedError({ networkError: new Error("offline") });

/** A page of `rows` sessions. The last page has no cursor. */
function connection(rows: number, endCursor: string | null) {
  return { nodes: Array(rows).fill(null), pageInfo: { endCursor, hasNextPage: endCursor !== null } };
}

function pagesWith(cursors: (string | null)[], total: number | null = null): KeysetPages {
  return { cursors, total, isLoaded: true, failure: null };
}

describe("initialPages", () => {
  test("can fetch the first page only", () => {
    expect(initialPages()).toEqual({ cursors: [null], total: null, isLoaded: false, failure: null });
  });

  test.each([
    [30, 30],
    [250, PAGE_SIZE],
    [0, null],
  ])("shows up to a page of the previous view's %d rows", (previous, total) => {
    expect(initialPages(previous).total).toBe(total);
  });
});

describe("addPage", () => {
  test("adds the cursor of the next page", () => {
    const pages = addPage(initialPages(), 0, connection(PAGE_SIZE, "a"));
    expect(pages).toEqual(pagesWith([null, "a"]));
    expect(countRows(pages)).toBe(2 * PAGE_SIZE);
  });

  test("knows the number of rows after the last page", () => {
    const pages = addPage(pagesWith([null, "a"]), 1, connection(30, null));
    expect(pages).toEqual(pagesWith([null, "a"], 130));
    expect(countRows(pages)).toBe(130);
  });

  test("knows that a list is empty", () => {
    expect(countRows(addPage(initialPages(), 0, connection(0, null)))).toBe(0);
  });

  test("changes nothing if the page ends where it did", () => {
    const pages = pagesWith([null, "a", "b"], 230);
    expect(addPage(pages, 0, connection(PAGE_SIZE, "a"))).toEqual(pages);
  });

  test("moves the start of the next page if sessions were added", () => {
    const pages = addPage(pagesWith([null, "a", "b"], 230), 0, connection(PAGE_SIZE, "a2"));
    expect(pages.cursors).toEqual([null, "a2", "b"]);
    expect(pages.total).toBe(230);
  });

  test("forgets later pages if the list has become shorter", () => {
    const pages = addPage(pagesWith([null, "a", "b"], 230), 0, connection(40, null));
    expect(pages).toEqual(pagesWith([null], 40));
  });

  test("forgets the number of rows if the last page has become full", () => {
    const pages = addPage(pagesWith([null, "a"], 130), 1, connection(PAGE_SIZE, "b"));
    expect(pages).toEqual(pagesWith([null, "a", "b"]));
  });

  test("clears the failure of the same page only", () => {
    const pages = { ...pagesWith([null, "a"]), failure: { page: 1, error: ERROR } };
    expect(addPage(pages, 0, connection(PAGE_SIZE, "a")).failure).toEqual({ page: 1, error: ERROR });
    expect(addPage(pages, 1, connection(3, null)).failure).toBeNull();
  });
});

describe("rowsByPage", () => {
  const rows = (pages: Map<number, number[]>) => Object.fromEntries(pages);

  test("groups the rendered rows by page", () => {
    const pages = rowsByPage({ first: 98, last: 101, active: undefined, pageCount: 2 });
    expect(rows(pages)).toEqual({ 0: [98, 99], 1: [100, 101] });
  });

  test("renders the active row although it is out of view", () => {
    const pages = rowsByPage({ first: 310, last: 311, active: 5, pageCount: 4 });
    expect(rows(pages)).toEqual({ 0: [5], 3: [310, 311] });
    expect(rows(rowsByPage({ first: 3, last: 5, active: 4, pageCount: 1 }))).toEqual({ 0: [3, 4, 5] });
  });

  test("fetches the next page 60 rows ahead, if its cursor is known", () => {
    expect(rows(rowsByPage({ first: 39, last: 39, active: undefined, pageCount: 2 }))).toEqual({ 0: [39] });
    expect(rows(rowsByPage({ first: 40, last: 40, active: undefined, pageCount: 2 }))).toEqual({ 0: [40], 1: [] });
    expect(rows(rowsByPage({ first: 40, last: 40, active: undefined, pageCount: 1 }))).toEqual({ 0: [40] });
  });

  test("fetches the first page of a list without rows", () => {
    expect(rows(rowsByPage({ first: 0, last: -1, active: undefined, pageCount: 1 }))).toEqual({ 0: [] });
  });
});
