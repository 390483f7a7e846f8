import type { SessionOrderField } from "../../../gql/graphql";

export interface Column {
  name: "id" | "customer" | "link" | "status" | "dateCreated" | "expiredTime" | "room" | "conversion";
  /** A track size of the CSS grid. */
  width: string;
  sortField?: SessionOrderField;
  isOptional?: boolean;
}

export const COLUMNS: readonly Column[] = [
  { name: "id", width: "9.5rem" },
  { name: "customer", width: "minmax(7rem, 2fr)", sortField: "CUSTOMER_NAME" },
  { name: "link", width: "minmax(5.5rem, 1fr)" },
  { name: "status", width: "6.75rem" },
  { name: "dateCreated", width: "minmax(9rem, 1.2fr)", sortField: "DATE_CREATED", isOptional: true },
  { name: "expiredTime", width: "minmax(8rem, 1.2fr)", sortField: "EXPIRED_TIME", isOptional: true },
  { name: "room", width: "minmax(4rem, 0.7fr)", isOptional: true },
  { name: "conversion", width: "minmax(4.5rem, 0.9fr)", isOptional: true },
];

export const OPTIONAL_COLUMNS = COLUMNS.filter(({ isOptional }) => isOptional).map(({ name }) => name);

const NONE: string[] = [];

/** Parses the stored names of hidden columns. Unknown names are ignored, and anything malformed counts as none. */
export function parseHiddenColumns(stored: string | undefined): string[] {
  try {
    const names: unknown = JSON.parse(stored ?? "");
    return Array.isArray(names) ? OPTIONAL_COLUMNS.filter((name) => names.includes(name)) : NONE;
  } catch {
    return NONE;
  }
}
