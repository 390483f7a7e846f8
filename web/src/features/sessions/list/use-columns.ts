import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";
import type { SessionOrderField } from "../../../gql/graphql";

export interface Column {
  name: "id" | "customer" | "link" | "status" | "dateCreated" | "expiredTime" | "room" | "conversion";
  width: string;
  field?: SessionOrderField;
  isFixed?: boolean;
}

const COLUMNS: readonly Column[] = [
  { name: "id", width: "9.5rem", isFixed: true },
  { name: "customer", width: "minmax(7rem, 2fr)", field: "CUSTOMER_NAME", isFixed: true },
  { name: "link", width: "minmax(5.5rem, 1fr)", isFixed: true },
  { name: "status", width: "6.75rem", isFixed: true },
  { name: "dateCreated", width: "minmax(9rem, 1.2fr)", field: "DATE_CREATED" },
  { name: "expiredTime", width: "minmax(8rem, 1.2fr)", field: "EXPIRED_TIME" },
  { name: "room", width: "minmax(4rem, 0.7fr)" },
  { name: "conversion", width: "minmax(4.5rem, 0.9fr)" },
];

/** Those that may be hidden. */
export const OPTIONAL = COLUMNS.filter(({ isFixed }) => !isFixed).map(({ name }) => name);

const NONE: string[] = [];

/** The columns that are shown in this browser, and of those that may be hidden, the names of the ones that are not. */
export function useColumns() {
  const [hidden, hide] = useLocalStorage({
    key: "hidden-columns",
    defaultValue: NONE,
    getInitialValueInEffect: false,
    deserialize: namesOf,
  });
  const columns = useMemo(() => COLUMNS.filter(({ name }) => !hidden.includes(name)), [hidden]);
  const shown = OPTIONAL.filter((name) => !hidden.includes(name));
  const show = (names: string[]) => hide(OPTIONAL.filter((name) => !names.includes(name)));
  return { columns, shown, show };
}

function namesOf(stored: string | undefined): string[] {
  try {
    const names: unknown = JSON.parse(stored ?? "");
    return OPTIONAL.filter((name) => Array.isArray(names) && names.includes(name));
  } catch {
    return NONE;
  }
}
