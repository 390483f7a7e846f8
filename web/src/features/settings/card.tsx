import { Button, Group, Loader, Paper, Stack, Text, Title } from "@mantine/core";
import { useWindowEvent } from "@mantine/hooks";
import { type FormEvent, type ReactNode, useId, useRef } from "react";
import { useTranslation } from "react-i18next";

interface CardProps {
  title: string;
  text: string;
  children: ReactNode;
}

/** A read-only group of settings. */
export function Card({ title, text, children }: CardProps) {
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} withBorder p={{ base: "md", xs: "lg" }}>
      <Stack>
        <Heading id={id} title={title} text={text} />
        {children}
      </Stack>
    </Paper>
  );
}

interface FormCardProps extends CardProps {
  isChanged: boolean;
  isSaving: boolean;
  save: () => void;
  discard: () => void;
}

/** A group of settings that is saved separately. */
export function FormCard({ title, text, children, isChanged, isSaving, save, discard }: FormCardProps) {
  const { t } = useTranslation("settings");
  const id = useId();
  const saveButton = useRef<HTMLButtonElement>(null);
  useWindowEvent("beforeunload", (event) => {
    if (isChanged) event.preventDefault();
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!isSaving) save();
  }

  return (
    <Paper
      component="form"
      noValidate
      onSubmit={submit}
      aria-labelledby={id}
      aria-busy={isSaving}
      withBorder
      p={{ base: "md", xs: "lg" }}
    >
      <Stack>
        <Heading id={id} title={title} text={text} />
        {children}
        <Group gap="sm">
          <Button
            ref={saveButton}
            type="submit"
            aria-disabled={!isChanged}
            data-disabled={!isChanged || undefined}
            leftSection={isSaving && <Loader size="xs" color="currentColor" aria-hidden />}
          >
            {t("save")}
          </Button>
          {isChanged && (
            <Button
              variant="default"
              onClick={() => {
                discard();
                // This button is removed and would lose the focus.
                saveButton.current?.focus();
              }}
            >
              {t("discard")}
            </Button>
          )}
          <Text size="sm" role="status">
            {isSaving ? t("saving") : isChanged && t("unsaved")}
          </Text>
        </Group>
      </Stack>
    </Paper>
  );
}

function Heading({ id, title, text }: { id: string; title: string; text: string }) {
  return (
    <div>
      <Title order={2} size="h4" id={id}>
        {title}
      </Title>
      <Text size="sm">{text}</Text>
    </div>
  );
}
