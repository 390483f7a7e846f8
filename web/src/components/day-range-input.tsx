import { Group, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type DayRange, parseDay } from "../day-range";
import classes from "./day-range-input.module.css";

interface DayRangeInputProps {
  label: string;
  range: DayRange;
  change: (changes: Partial<DayRange>) => void;
}

const TYPING_PAUSE_MS = 500;

/** The first and the last day of a filter. */
export function DayRangeInput({ label, range: { from, to }, change }: DayRangeInputProps) {
  const { t } = useTranslation();
  return (
    <Group gap={6} wrap="nowrap" className={classes.days} role="group" aria-label={label}>
      <DayInput label={t("dayRange.from")} day={from} max={to} change={(from) => change({ from })} />
      <DayInput label={t("dayRange.to")} day={to} min={from} change={(to) => change({ to })} />
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
