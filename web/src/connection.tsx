import { Alert } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";

/** Says that what is shown may be old while there is no network. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const { online } = useNetwork();
  if (online) return null;
  return (
    <Alert role="status" color="yellow" variant="filled" autoContrast radius={0} py="xs" icon={<CloudOff size={18} />}>
      {t("offline")}
    </Alert>
  );
}
