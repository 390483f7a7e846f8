import { Stack, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Loading } from "../../../components/states";
import { useTokenStatus } from "../../../hooks/use-token-status";
import type { ActionDialogProps } from "./actions";
import { Dialog } from "./dialog";

const QrCode = lazy(() => import("./qr-code"));

export function QrCodeDialog({ session, ...dialog }: ActionDialogProps) {
  const { t } = useTranslation("session");
  const { customer, token } = session;
  const isActive = useTokenStatus(token) === "ACTIVE";
  const title = t("qrCode.title", { name: customer.name });
  return (
    <Dialog {...dialog} title={title}>
      {isActive && token.link ? (
        <Stack>
          <Suspense fallback={<Loading />}>
            <QrCode link={token.link} fileName={`${title}.png`} />
          </Suspense>
          <Text size="sm">{t("qrCode.text")}</Text>
        </Stack>
      ) : (
        <Text role="alert">{t("linkInvalid")}</Text>
      )}
    </Dialog>
  );
}
