import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";
import { COLUMNS, OPTIONAL_COLUMNS, parseHiddenColumns } from "./columns";

/** The visible columns, which the browser stores, and the names of the optional ones among them. */
export function useColumns() {
  const [hidden, setHidden] = useLocalStorage<string[]>({
    key: "hidden-columns",
    defaultValue: [],
    getInitialValueInEffect: false,
    deserialize: parseHiddenColumns,
  });
  const columns = useMemo(() => COLUMNS.filter(({ name }) => !hidden.includes(name)), [hidden]);
  const visibleOptional = OPTIONAL_COLUMNS.filter((name) => !hidden.includes(name));
  const setVisibleOptional = (names: string[]) => setHidden(OPTIONAL_COLUMNS.filter((name) => !names.includes(name)));
  return { columns, visibleOptional, setVisibleOptional };
}
