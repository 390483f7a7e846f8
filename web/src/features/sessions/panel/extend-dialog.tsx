import { Chip, Group, Input, Text, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClock } from "../../../clock";
import { MOST_MINUTES } from "../../../expiration-minutes";
import { useFormat } from "../../../format";
import { graphql } from "../../../gql";
import type { ActionProps } from "./actions";
import { FormDialog } from "./dialog";
import { useChange } from "./use-session-mutation";

const ExtendToken = graphql(`
  mutation ExtendToken($input: ExtendTokenInput!) {
    change: extendToken(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

// The API's word for "never" is 0.
const PRESETS = [
  ["15", "extend.minutes15"],
  ["60", "extend.hour"],
  ["1440", "extend.day"],
  ["0", "extend.forever"],
] as const;
const USUAL = "60";
const OTHER = "other";
const MINUTE = 60_000;

export function ExtendDialog({ session, close, heading }: ActionProps) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const [choice, setChoice] = useState<string>(USUAL);
  const [typed, setTyped] = useState("");
  const [isSent, setSent] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  // The arrows go through the choices, and on.
  const [isByKey, setByKey] = useState(false);
  const minutes = choice === OTHER ? minutesOf(typed) : Number(choice);
  const ends = useClock((now) => (minutes ? new Date(now + minutes * MINUTE).toISOString().slice(0, -8) : null));
  const { send, failures, isBusy } = useChange(ExtendToken, {
    session,
    close,
    done: () => (minutes === 0 ? t("extend.doneNever") : t("extend.done")),
  });
  const atMinutes = failures.find(({ field }) => field === "minutes");

  function submit() {
    setSent(true);
    if (minutes === null) input.current?.focus();
    else send({ sessionId: session.id, minutes });
  }

  return (
    <FormDialog
      title={t("extend.title")}
      submit={t("extend.submit")}
      isBusy={isBusy}
      failures={failures.filter((failure) => failure !== atMinutes).map(({ text }) => text)}
      onSubmit={submit}
      close={close}
      heading={heading}
    >
      <Text size="sm">{t("extend.text")}</Text>
      <Input.Wrapper label={t("extend.from")} labelElement="div" labelProps={{ id: LABEL }}>
        <Chip.Group value={choice} onChange={(value) => setChoice(value as string)}>
          <Group
            gap="xs"
            mt={4}
            role="radiogroup"
            aria-labelledby={LABEL}
            onPointerDown={() => setByKey(false)}
            onKeyDown={() => setByKey(true)}
          >
            {PRESETS.map(([value, label]) => (
              <Chip key={value} name={LABEL} value={value} size="md" data-autofocus={value === USUAL || undefined}>
                {t(label)}
              </Chip>
            ))}
            <Chip name={LABEL} value={OTHER} size="md">
              {t("extend.other")}
            </Chip>
          </Group>
        </Chip.Group>
      </Input.Wrapper>
      {choice === OTHER && (
        <TextInput
          ref={input}
          autoFocus={!isByKey}
          label={t("extend.minutes")}
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={((typed || isSent) && minutes === null && t("extend.range")) || atMinutes?.text}
        />
      )}
      <Text size="sm" aria-live="polite">
        {minutes === 0 ? t("extend.endsNever") : ends && t("extend.ends", { at: format.dateTime(`${ends}Z`) })}
      </Text>
    </FormDialog>
  );
}

const LABEL = "extend-from";

/** Null: that is no number of minutes that a token may have. */
function minutesOf(text: string) {
  const minutes = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : 0;
  return minutes >= 1 && minutes <= MOST_MINUTES ? minutes : null;
}
