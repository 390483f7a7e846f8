import { Alert } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";

/** Warns that the data on the screen may be out of date while the browser is offline. */
export function OfflineBanner() {
  const { t } = useTranslation();
  const { online } = useNetwork();
  // The live region must exist before it has text, or screen readers may not announce it.
  return (
    <div role="status">
      {!online && (
        <Alert
          role="none"
          color="yellow"
          variant="filled"
          autoContrast
          radius={0}
          py="xs"
          icon={<CloudOff size={18} />}
        >
          {t("offline")}
        </Alert>
      )}
    </div>
  );
}
