import { type NotificationData, notifications } from "@mantine/notifications";
import i18next from "i18next";

/** Says something, for a while, wherever the user is by then. */
export function notify(notification: NotificationData) {
  notifications.show({
    closeButtonProps: { "aria-label": i18next.t("close") },
    // A link has no place to break at, and would be cut off.
    styles: { description: { overflowWrap: "anywhere", color: "var(--mantine-color-text)" } },
    ...notification,
  });
}
