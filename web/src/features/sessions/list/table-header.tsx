import { UnstyledButton } from "@mantine/core";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useTranslation } from "react-i18next";
import classes from "./session-table.module.css";
import type { Column } from "./use-columns";
import type { View } from "./view";

interface HeaderProps {
  columns: readonly Column[];
  view: View;
  change: (changed: Partial<View>) => void;
}

export function Header({ columns, view, change }: HeaderProps) {
  const { t } = useTranslation("sessions");
  return (
    <thead className={classes.header}>
      <tr aria-rowindex={1} className={classes.headings}>
        {columns.map(({ name, field }, column) => {
          const isSorted = field === view.field;
          const Arrow = view.direction === "ASC" ? ArrowUp : ArrowDown;
          const ascends = isSorted ? view.direction === "DESC" : field !== "DATE_CREATED";
          return (
            <th
              key={name}
              scope="col"
              aria-colindex={column + 1}
              aria-sort={
                !field ? undefined : !isSorted ? "none" : view.direction === "ASC" ? "ascending" : "descending"
              }
              className={classes.heading}
            >
              {field ? (
                <UnstyledButton
                  className={classes.sort}
                  onClick={() => change({ field, direction: ascends ? "ASC" : "DESC" })}
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
