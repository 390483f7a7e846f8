import { Chip, Group, NativeSelect } from "@mantine/core";
import { ChevronDown } from "lucide-react";
import { useTranslation } from "react-i18next";
import { DayRangeInput } from "../../../components/day-range-input";
import { ClearFiltersButton } from "./clear-filters-button";
import classes from "./page.module.css";
import { formatSort, hasFilters, parseSort, STATUSES, type View } from "./view";

interface FiltersProps {
  view: View;
  changeView: (changes: Partial<View>) => void;
}

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
      <DayRangeInput label={t("column.dateCreated")} range={view} change={changeView} />
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
