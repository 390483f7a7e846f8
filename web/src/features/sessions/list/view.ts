import type { OrderDirection, SessionFilter, SessionOrder, SessionOrderField, TokenStatus } from "../../../gql/graphql";

/** What of the sessions is shown, and in which order. The URL holds it. */
export interface View {
  search: string;
  statuses: readonly TokenStatus[];
  converted: boolean | null;
  /** Local days, 2026-01-31, both inclusive; empty: unbounded. */
  from: string;
  to: string;
  field: SessionOrderField;
  direction: OrderDirection;
}

export const STATUSES: readonly TokenStatus[] = ["ACTIVE", "EXPIRED", "REVOKED"];

export const ANY: Omit<View, "field" | "direction"> = { search: "", statuses: [], converted: null, from: "", to: "" };
export const DEFAULT: View = { ...ANY, field: "DATE_CREATED", direction: "DESC" };

const FIELDS: Record<string, SessionOrderField> = {
  created: "DATE_CREATED",
  expires: "EXPIRED_TIME",
  name: "CUSTOMER_NAME",
};
const CONVERTED: Record<string, boolean> = { yes: true, no: false };
// A link's code is the session's ID and a signature as long. The storefront has it in its query.
const LINK = /(?:^|[\s/=])([0-7][0-9a-z]{25})[0-9a-z]{26}(?![0-9a-z])/;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Whatever is malformed counts as absent. */
export function viewOf(query: URLSearchParams): View {
  const statuses = query.get("status")?.split(",") ?? [];
  const sort = query.get("sort") ?? "";
  const field = entry(FIELDS, sort.replace(/^-/, ""));
  return {
    search: query.get("search")?.trim() ?? "",
    statuses: STATUSES.filter((status) => statuses.includes(status.toLowerCase())),
    converted: entry(CONVERTED, query.get("converted") ?? "") ?? null,
    from: dayOf(query.get("from")),
    to: dayOf(query.get("to")),
    field: field ?? DEFAULT.field,
    direction: field ? (sort.startsWith("-") ? "DESC" : "ASC") : DEFAULT.direction,
  };
}

/** The query string with its question mark; empty: everything is as it is by default. */
export function queryOf(view: View): string {
  const query = new URLSearchParams();
  if (view.search) query.set("search", view.search);
  if (view.statuses.length > 0) query.set("status", view.statuses.join(",").toLowerCase());
  if (view.converted !== null) query.set("converted", view.converted ? "yes" : "no");
  if (view.from) query.set("from", view.from);
  if (view.to) query.set("to", view.to);
  if (view.field !== DEFAULT.field || view.direction !== DEFAULT.direction) query.set("sort", sortOf(view));
  const text = query.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}

export function sortOf({ field, direction }: Pick<View, "field" | "direction">): string {
  const name = Object.keys(FIELDS).find((name) => FIELDS[name] === field);
  return direction === "DESC" ? `-${name}` : `${name}`;
}

export function variablesOf(view: View): { filter: SessionFilter | null; orderBy: SessionOrder } {
  const filter: SessionFilter = {
    ...(view.search && { search: view.search }),
    ...(view.statuses.length > 0 && { tokenStatus: [...view.statuses] }),
    ...(view.converted !== null && { converted: view.converted }),
    ...((view.from || view.to) && {
      dateCreated: {
        ...(view.from && { from: midnight(view.from, 0) }),
        ...(view.to && { to: midnight(view.to, 1) }),
      },
    }),
  };
  return {
    filter: isFiltered(view) ? filter : null,
    orderBy: { field: view.field, direction: view.direction },
  };
}

export function isFiltered(view: View): boolean {
  return Boolean(view.search || view.statuses.length || view.converted !== null || view.from || view.to);
}

/**
 * What is sought by a text. By a token link it is its session's ID: the search stays in the URL, and a link lets in
 * whoever has it. By an ID as the list shows it, what is left of it.
 */
export function soughtIn(text: string): string {
  const id = LINK.exec(text)?.[1];
  return id ? `session_${id}` : text.replace("session_…", "");
}

/** A day that there is, of years that the server knows, the day after it included; empty: none. */
export function dayOf(text: string | null): string {
  if (!text || !DAY.test(text) || text < "1970" || text >= "9999") return "";
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text) ? text : "";
}

/** The moment at which the day, or one so many days later, begins here. */
function midnight(day: string, later: number): string {
  const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

function entry<T>(entries: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
