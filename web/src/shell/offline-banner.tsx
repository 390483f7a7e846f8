import { Alert } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";

/** Says that what is shown may be old while there is no network. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const { online } = useNetwork();
  // Screen readers tell what comes into a region, and not always a region that comes.
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
