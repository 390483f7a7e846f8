import { type NotificationData, notifications } from "@mantine/notifications";
import i18next from "i18next";

/** Shows a notification, also after the user has gone to another page. */
export function notify(notification: NotificationData) {
  notifications.show({
    closeButtonProps: { "aria-label": i18next.t("close") },
    // A link is one long word, which would be cut off.
    styles: { description: { overflowWrap: "anywhere", color: "var(--mantine-color-text)" } },
    ...notification,
  });
}
