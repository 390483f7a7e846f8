import { Alert, Button, Group, Loader, Modal, Stack, Text, VisuallyHidden } from "@mantine/core";
import type { FormEvent, ReactNode, RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useReturnFocus } from "./use-return-focus";

export interface DialogProps {
  close: () => void;
  /** Focused after closing, if the element that opened the dialog is gone. */
  heading: RefObject<HTMLElement | null>;
}

export function Dialog({ title, close, heading, children }: DialogProps & { title: string; children: ReactNode }) {
  const { t } = useTranslation();
  useReturnFocus(heading);
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
      // A customer's name may be one long word.
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
  submitLabel: string;
  submitColor?: string;
  isSending: boolean;
  /** Errors that belong to none of the inputs. */
  formErrors: string[];
  onSubmit: () => void;
  children: ReactNode;
}

export function FormDialog(props: FormDialogProps) {
  const { title, close, heading, submitLabel, submitColor, isSending, formErrors, onSubmit, children } = props;
  const { t } = useTranslation();

  function handleSubmit(event: FormEvent) {
    event.preventDefault();
    if (!isSending) onSubmit();
  }

  return (
    <Dialog title={title} close={close} heading={heading}>
      <form noValidate aria-busy={isSending} onSubmit={handleSubmit}>
        <Stack>
          {children}
          {formErrors.map((text) => (
            <Alert key={text} role="alert" color="red" variant="outline">
              {text}
            </Alert>
          ))}
          <Group justify="flex-end" gap="xs">
            <VisuallyHidden role="status">{isSending && t("sending")}</VisuallyHidden>
            <Button variant="default" onClick={close}>
              {t("cancel")}
            </Button>
            <Button
              type="submit"
              color={submitColor}
              // The `disabled` attribute would remove the focus from the button.
              aria-disabled={isSending}
              data-disabled={isSending || undefined}
              leftSection={isSending && <Loader size="xs" color="currentColor" aria-hidden />}
              data-autofocus
            >
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
