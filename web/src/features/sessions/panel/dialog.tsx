import { Alert, Button, Group, Loader, Modal, Stack, Text, VisuallyHidden } from "@mantine/core";
import type { FormEvent, ReactNode, RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useReturnedFocus } from "./use-return-focus";

export interface DialogProps {
  close: () => void;
  /** Where the focus goes if what opened the dialog is gone. */
  heading: RefObject<HTMLElement | null>;
}

export function Dialog({ title, close, heading, children }: DialogProps & { title: string; children: ReactNode }) {
  const { t } = useTranslation("session");
  useReturnedFocus(heading);
  return (
    <Modal
      opened
      onClose={close}
      title={
        <Text span inherit fw={600}>
          {title}
        </Text>
      }
      closeOnEscape={false}
      returnFocus={false}
      centered
      // A name may be one long word.
      styles={{ content: { overflowWrap: "anywhere" } }}
      attributes={{ header: { role: "presentation" } }}
      closeButtonProps={{ "aria-label": t("close"), size: "lg" }}
    >
      {children}
    </Modal>
  );
}

interface FormDialogProps extends DialogProps {
  title: string;
  submit: string;
  color?: string;
  isBusy: boolean;
  /** What is wrong with none of the inputs. */
  failures: string[];
  onSubmit: () => void;
  children: ReactNode;
}

/** Asks before something is done. */
export function FormDialog({
  title,
  close,
  heading,
  submit,
  color,
  isBusy,
  failures,
  onSubmit,
  children,
}: FormDialogProps) {
  const { t } = useTranslation("session");
  return (
    <Dialog title={title} close={close} heading={heading}>
      <form
        noValidate
        aria-busy={isBusy}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (!isBusy) onSubmit();
        }}
      >
        <Stack>
          {children}
          {failures.map((text) => (
            <Alert key={text} role="alert" color="red" variant="outline">
              {text}
            </Alert>
          ))}
          <Group justify="flex-end" gap="xs">
            <VisuallyHidden role="status">{isBusy && t("sending")}</VisuallyHidden>
            <Button variant="default" onClick={close}>
              {t("cancel")}
            </Button>
            <Button
              type="submit"
              color={color}
              // `disabled` would take the focus from it.
              aria-disabled={isBusy}
              data-disabled={isBusy || undefined}
              leftSection={isBusy && <Loader size="xs" color="currentColor" aria-hidden />}
              data-autofocus
            >
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
