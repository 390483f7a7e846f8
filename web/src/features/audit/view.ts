import { type DayRange, dateTimeRange, parseDay } from "../../day-range";
import type { AuditAction, AuditLogFilter } from "../../gql/graphql";

/** The filters of the audit log. They are stored in the URL. */
export interface View extends DayRange {
  action: AuditAction | null;
  /** The ID of the changed object. */
  object: string;
  /** The ID of the API key or user that caused the events. */
  actor: string;
}

export const ACTIONS = [
  "STORE_CREATED",
  "STORE_UPDATED",
  "APP_CREATED",
  "APP_UPDATED",
  "API_KEY_CREATED",
  "API_KEY_REVOKED",
  "DOCUMENT_PUBLISHED",
  "DOCUMENT_RETIRED",
  "CUSTOMER_CREATED",
  "CUSTOMER_UPDATED",
  "CUSTOMER_REDACTED",
  "ORDER_CREATED",
  "ORDER_UPDATED",
  "USER_BLOCKED",
  "USER_UNBLOCKED",
  "SIGNED_IN",
] as const satisfies readonly AuditAction[];

const API_KEY_ID = /^key_[0-9a-z]{26}$/;

/** Parses a query string. Unknown actions and malformed days are ignored. */
export function parseView(query: URLSearchParams): View {
  return {
    action: ACTIONS.find((action) => action.toLowerCase() === query.get("action")) ?? null,
    object: query.get("object")?.trim() ?? "",
    actor: query.get("actor")?.trim() ?? "",
    from: parseDay(query.get("from")),
    to: parseDay(query.get("to")),
  };
}

/** The parameters of the query string. Empty without filters. */
export function formatView({ action, object, actor, from, to }: View): Record<string, string> {
  return {
    ...(action && { action: action.toLowerCase() }),
    ...(object.trim() && { object: object.trim() }),
    ...(actor.trim() && { actor: actor.trim() }),
    ...(from && { from }),
    ...(to && { to }),
  };
}

export function viewFilter({ action, object, actor, from, to }: View): AuditLogFilter {
  return {
    ...(action && { actions: [action] }),
    ...(object && { objectId: object }),
    ...(actor && (API_KEY_ID.test(actor) ? { apiKeyId: actor } : { userId: actor })),
    ...((from || to) && { at: dateTimeRange({ from, to }) }),
  };
}

/** A value of a changed field, as text. */
export const formatValue = (value: unknown) =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
