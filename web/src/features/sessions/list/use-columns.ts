import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";
import { useCanSeeLink } from "../session-fields";
import { COLUMNS, OPTIONAL_COLUMNS, parseHiddenColumns } from "./columns";

/** The visible columns: those that the user may see and has not hidden, which the browser stores. And the names of the optional ones among them. */
export function useColumns() {
  const [hidden, setHidden] = useLocalStorage<string[]>({
    key: "hidden-columns",
    defaultValue: [],
    getInitialValueInEffect: false,
    deserialize: parseHiddenColumns,
  });
  const canSeeLink = useCanSeeLink();
  const columns = useMemo(
    () => COLUMNS.filter(({ name }) => !hidden.includes(name) && (name !== "link" || canSeeLink)),
    [hidden, canSeeLink],
  );
  const visibleOptional = OPTIONAL_COLUMNS.filter((name) => !hidden.includes(name));
  const setVisibleOptional = (names: string[]) => setHidden(OPTIONAL_COLUMNS.filter((name) => !names.includes(name)));
  return { columns, visibleOptional, setVisibleOptional };
}
