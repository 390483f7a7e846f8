import { Chip, Group, NativeSelect, TextInput } from "@mantine/core";
import { ChevronDown } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TokenStatus } from "../../../gql/graphql";
import { Clear } from "./clear-filters-button";
import classes from "./page.module.css";
import { dayOf, isFiltered, STATUSES, sortOf, type View, viewOf } from "./view";

interface FiltersProps {
  view: View;
  change: (changed: Partial<View>) => void;
}

const PAUSE = 500;
const SORTS = ["-created", "created", "expires", "-expires", "name", "-name"] as const;

export function Filters({ view, change }: FiltersProps) {
  const { t } = useTranslation(["sessions", "common"]);
  return (
    <Group gap="xs" role="group" aria-label={t("filter.label")}>
      <Group gap={6} role="group" aria-label={t("column.status")}>
        <Chip.Group
          multiple
          value={[...view.statuses]}
          onChange={(statuses) => change({ statuses: STATUSES.filter((status) => statuses.includes(status)) })}
        >
          {STATUSES.map((status: TokenStatus) => (
            <Chip key={status} value={status} size="sm" classNames={{ label: classes.chip }}>
              {t(`common:status.${status}`)}
            </Chip>
          ))}
        </Chip.Group>
      </Group>
      <NativeSelect
        rightSection={<ChevronDown size={16} aria-hidden />}
        aria-label={t("column.conversion")}
        value={String(view.converted)}
        onChange={({ currentTarget: { value } }) => change({ converted: value === "null" ? null : value === "true" })}
        data={[
          { value: "null", label: t("filter.anyConversion") },
          { value: "true", label: t("filter.converted") },
          { value: "false", label: t("filter.notConverted") },
        ]}
      />
      <Group gap={6} wrap="nowrap" className={classes.days} role="group" aria-label={t("column.dateCreated")}>
        <Day label={t("filter.from")} day={view.from} max={view.to} change={(from) => change({ from })} />
        <Day label={t("filter.to")} day={view.to} min={view.from} change={(to) => change({ to })} />
      </Group>
      <NativeSelect
        rightSection={<ChevronDown size={16} aria-hidden />}
        hiddenFrom="md"
        aria-label={t("sort.label")}
        value={sortOf(view)}
        onChange={({ currentTarget: { value } }) => {
          const { field, direction } = viewOf(new URLSearchParams({ sort: value }));
          change({ field, direction });
        }}
        data={SORTS.map((value) => ({ value, label: t(`sort.${value}`) }))}
      />
      {isFiltered(view) && <Clear variant="subtle" size="sm" px={6} className={classes.clear} change={change} />}
    </Group>
  );
}

interface DayProps {
  label: string;
  day: string;
  min?: string;
  max?: string;
  change: (day: string) => void;
}

/** A day, taken over after a pause once it is one: it is typed digit by digit. */
function Day({ label, day, min, max, change }: DayProps) {
  const [typed, setTyped] = useState(day);
  const [chosen, setChosen] = useState(day);
  if (chosen !== day) {
    setChosen(day);
    setTyped(day);
  }

  useEffect(() => {
    if (typed === day || typed !== dayOf(typed)) return;
    const timer = window.setTimeout(() => change(typed), PAUSE);
    return () => window.clearTimeout(timer);
  }, [typed, day, change]);
  return (
    <TextInput
      type="date"
      label={label}
      classNames={{ root: classes.day, wrapper: classes.date }}
      value={typed}
      min={min || undefined}
      max={max || undefined}
      onChange={({ currentTarget: { value } }) => setTyped(value)}
    />
  );
}
