import { UnstyledButton } from "@mantine/core";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Column } from "./columns";
import classes from "./session-table.module.css";
import type { View } from "./view";

interface TableHeaderProps {
  columns: readonly Column[];
  view: View;
  changeView: (changes: Partial<View>) => void;
}

export function TableHeader({ columns, view, changeView }: TableHeaderProps) {
  const { t } = useTranslation("sessions");
  const isAscending = view.direction === "ASC";
  const Arrow = isAscending ? ArrowUp : ArrowDown;
  return (
    <thead className={classes.header}>
      <tr aria-rowindex={1} className={classes.headings}>
        {columns.map(({ name, sortField }, column) => {
          const isSorted = sortField === view.field;
          // The first click shows the newest sessions, the first names, and the links that expire next.
          const willAscend = isSorted ? !isAscending : sortField !== "DATE_CREATED";
          return (
            <th
              key={name}
              scope="col"
              aria-colindex={column + 1}
              aria-sort={!sortField ? undefined : !isSorted ? "none" : isAscending ? "ascending" : "descending"}
              className={classes.heading}
            >
              {sortField ? (
                <UnstyledButton
                  className={classes.sort}
                  onClick={() => changeView({ field: sortField, direction: willAscend ? "ASC" : "DESC" })}
                >
                  {t(`column.${name}`)}
                  {isSorted && <Arrow size={14} aria-hidden />}
                </UnstyledButton>
              ) : (
                t(`column.${name}`)
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
