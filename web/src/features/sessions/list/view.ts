import { type DayRange, dateTimeRange, parseDay } from "../../../day-range";
import type { OrderDirection, SessionFilter, SessionOrder, SessionOrderField, TokenStatus } from "../../../gql/graphql";

interface Sort {
  field: SessionOrderField;
  direction: OrderDirection;
}

/** The filters and the sort order of the list. They are stored in the URL. */
export interface View extends Sort, DayRange {
  search: string;
  statuses: readonly TokenStatus[];
  converted: boolean | null;
}

export const STATUSES: readonly TokenStatus[] = ["ACTIVE", "EXPIRED", "REVOKED"];

export const NO_FILTERS: Omit<View, keyof Sort> = { search: "", statuses: [], converted: null, from: "", to: "" };
const DEFAULT_SORT: Sort = { field: "DATE_CREATED", direction: "DESC" };

const SORT_FIELDS: Record<string, SessionOrderField> = {
  created: "DATE_CREATED",
  expires: "EXPIRED_TIME",
  name: "CUSTOMER_NAME",
};
const CONVERTED: Record<string, boolean> = { yes: true, no: false };

/** Parses a query string. Malformed values are ignored. */
export function parseView(query: URLSearchParams): View {
  const statuses = query.get("status")?.split(",") ?? [];
  return {
    search: query.get("search")?.trim() ?? "",
    statuses: STATUSES.filter((status) => statuses.includes(status.toLowerCase())),
    converted: lookUp(CONVERTED, query.get("converted") ?? "") ?? null,
    from: parseDay(query.get("from")),
    to: parseDay(query.get("to")),
    ...parseSort(query.get("sort") ?? ""),
  };
}

/** Parses a sort order, as in "name" or "-created". */
export function parseSort(text: string): Sort {
  const field = lookUp(SORT_FIELDS, text.replace(/^-/, ""));
  return field ? { field, direction: text.startsWith("-") ? "DESC" : "ASC" } : DEFAULT_SORT;
}

/** The query string, including its question mark. Empty for the default view. */
export function formatView(view: View): string {
  const query = new URLSearchParams();
  if (view.search) query.set("search", view.search);
  if (view.statuses.length > 0) query.set("status", view.statuses.join(",").toLowerCase());
  if (view.converted !== null) query.set("converted", view.converted ? "yes" : "no");
  if (view.from) query.set("from", view.from);
  if (view.to) query.set("to", view.to);
  const sort = formatSort(view);
  if (sort !== formatSort(DEFAULT_SORT)) query.set("sort", sort);
  const text = query.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}

export function formatSort({ field, direction }: Sort): string {
  const name = Object.keys(SORT_FIELDS).find((name) => SORT_FIELDS[name] === field);
  return direction === "DESC" ? `-${name}` : `${name}`;
}

/** The variables of the view's queries. */
export function viewVariables(view: View): { filter: SessionFilter | null; orderBy: SessionOrder } {
  const filter: SessionFilter = {
    ...(view.search && { search: view.search }),
    ...(view.statuses.length > 0 && { tokenStatus: [...view.statuses] }),
    ...(view.converted !== null && { converted: view.converted }),
    ...((view.from || view.to) && { dateCreated: dateTimeRange(view) }),
  };
  return {
    filter: hasFilters(view) ? filter : null,
    orderBy: { field: view.field, direction: view.direction },
  };
}

export function hasFilters(view: View): boolean {
  return Boolean(view.search || view.statuses.length || view.converted !== null || view.from || view.to);
}

function lookUp<T>(entries: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
