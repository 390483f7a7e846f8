import { Chip, Group, Input, Text, TextInput } from "@mantine/core";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { MAX_MINUTES, minutesProblem } from "../../../expiration-minutes";
import { graphql } from "../../../gql";
import { useClock } from "../../../hooks/use-clock";
import { useFormat } from "../../../hooks/use-format";
import type { ActionDialogProps } from "./actions";
import { FormDialog } from "./dialog";
import { useSessionMutation } from "./use-session-mutation";

const ExtendToken = graphql(`
  mutation ExtendToken($input: ExtendTokenInput!, $canSeeLink: Boolean! = true) {
    change: extendToken(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

// In the API, 0 minutes means that the token never expires.
const NEVER = 0;
const PRESETS = [15, 60, 1440, NEVER];
const DEFAULT_PRESET = 60;
const OTHER = "other";
const MINUTE_MS = 60_000;

export function ExtendDialog({ session, ...dialog }: ActionDialogProps) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const labelId = useId();
  const [choice, setChoice] = useState(String(DEFAULT_PRESET));
  const [text, setText] = useState("");
  const [isSubmitted, setSubmitted] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  // Arrow keys move through the options: the input must not take the focus from them.
  const [isByKeyboard, setByKeyboard] = useState(false);

  const chosen = choice === OTHER ? text : choice;
  const minutes = choice === OTHER && minutesProblem(text) ? null : Number(chosen);
  const expiresAt = useClock((now) =>
    // Without seconds, so that the dialog renders once a minute.
    minutes ? `${new Date(now + minutes * MINUTE_MS).toISOString().slice(0, -8)}Z` : null,
  );
  const { send, fieldErrors, ...form } = useSessionMutation(ExtendToken, {
    session,
    close: dialog.close,
    successText: minutes === NEVER ? t("extend.doneNever") : t("extend.done"),
    fields: ["minutes"],
  });

  function submit() {
    setSubmitted(true);
    if (minutes === null) input.current?.focus();
    else send({ sessionId: session.id, minutes });
  }

  return (
    <FormDialog {...dialog} {...form} title={t("extend.title")} submitLabel={t("extend.submit")} onSubmit={submit}>
      <Text size="sm">{t("extend.text")}</Text>
      <Input.Wrapper label={t("extend.duration")} labelElement="div" labelProps={{ id: labelId }}>
        <Chip.Group value={choice} onChange={(value) => setChoice(value as string)}>
          <Group
            gap="xs"
            mt={4}
            role="radiogroup"
            aria-labelledby={labelId}
            onPointerDown={() => setByKeyboard(false)}
            onKeyDown={() => setByKeyboard(true)}
          >
            {PRESETS.map((preset) => (
              <Chip
                key={preset}
                name={labelId}
                value={String(preset)}
                size="md"
                data-autofocus={preset === DEFAULT_PRESET || undefined}
              >
                {preset === NEVER ? t("extend.never") : format.minutes(preset)}
              </Chip>
            ))}
            <Chip name={labelId} value={OTHER} size="md">
              {t("extend.other")}
            </Chip>
          </Group>
        </Chip.Group>
      </Input.Wrapper>
      {choice === OTHER && (
        <TextInput
          ref={input}
          autoFocus={!isByKeyboard}
          label={t("extend.minutes", { max: MAX_MINUTES })}
          inputMode="numeric"
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={
            minutes === null ? (text || isSubmitted) && t("extend.invalid", { max: MAX_MINUTES }) : fieldErrors.minutes
          }
        />
      )}
      <Text size="sm" aria-live="polite">
        {minutes === NEVER
          ? t("extend.expiresNever")
          : expiresAt && t("extend.expires", { at: format.dateTime(expiresAt) })}
      </Text>
    </FormDialog>
  );
}
