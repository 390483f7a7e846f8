import { Chip, Group, NativeSelect, TextInput } from "@mantine/core";
import { ChevronDown } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ClearFiltersButton } from "./clear-filters-button";
import classes from "./page.module.css";
import { formatSort, hasFilters, parseDay, parseSort, STATUSES, type View } from "./view";

interface FiltersProps {
  view: View;
  changeView: (changes: Partial<View>) => void;
}

const TYPING_PAUSE_MS = 500;
const SORTS = ["-created", "created", "expires", "-expires", "name", "-name"] as const;

export function Filters({ view, changeView }: FiltersProps) {
  const { t } = useTranslation(["sessions", "common"]);
  return (
    <Group gap="xs" role="group" aria-label={t("filter.label")}>
      <Group gap={6} role="group" aria-label={t("column.status")}>
        <Chip.Group
          multiple
          value={[...view.statuses]}
          onChange={(statuses) => changeView({ statuses: STATUSES.filter((status) => statuses.includes(status)) })}
        >
          {STATUSES.map((status) => (
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
        onChange={({ currentTarget: { value } }) =>
          changeView({ converted: value === "null" ? null : value === "true" })
        }
        data={[
          { value: "null", label: t("filter.anyConversion") },
          { value: "true", label: t("filter.converted") },
          { value: "false", label: t("filter.notConverted") },
        ]}
      />
      <Group gap={6} wrap="nowrap" className={classes.days} role="group" aria-label={t("column.dateCreated")}>
        <DayInput label={t("filter.from")} day={view.from} max={view.to} change={(from) => changeView({ from })} />
        <DayInput label={t("filter.to")} day={view.to} min={view.from} change={(to) => changeView({ to })} />
      </Group>
      <NativeSelect
        rightSection={<ChevronDown size={16} aria-hidden />}
        hiddenFrom="md"
        aria-label={t("sort.label")}
        value={formatSort(view)}
        onChange={({ currentTarget: { value } }) => changeView(parseSort(value))}
        data={SORTS.map((value) => ({ value, label: t(`sort.${value}`) }))}
      />
      {hasFilters(view) && (
        <ClearFiltersButton variant="subtle" size="sm" px={6} className={classes.clear} changeView={changeView} />
      )}
    </Group>
  );
}

interface DayInputProps {
  label: string;
  day: string;
  min?: string;
  max?: string;
  change: (day: string) => void;
}

/** A date input. It reports a valid day after a pause, because browsers report every digit that is typed. */
function DayInput({ label, day, min, max, change }: DayInputProps) {
  const [text, setText] = useState(day);
  const [previousDay, setPreviousDay] = useState(day);
  if (previousDay !== day) {
    setPreviousDay(day);
    setText(day);
  }

  useEffect(() => {
    if (text === day || text !== parseDay(text)) return;
    const timer = window.setTimeout(() => change(text), TYPING_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text, day, change]);
  return (
    <TextInput
      type="date"
      label={label}
      classNames={{ root: classes.day, wrapper: classes.date }}
      value={text}
      min={min || undefined}
      max={max || undefined}
      onChange={({ currentTarget: { value } }) => setText(value)}
    />
  );
}
