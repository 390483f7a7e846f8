import { Stack, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Loading } from "../../../components/states";
import { useTokenStatus } from "../../../components/token-status-badge";
import type { ActionProps } from "./actions";
import { Dialog } from "./dialog";

const QrCode = lazy(() => import("./qr-code"));

export function QrDialog({ session, close, heading }: ActionProps) {
  const { t } = useTranslation("session");
  const { customer, token } = session;
  const isActive = useTokenStatus(token) === "ACTIVE";
  return (
    <Dialog title={t("qr.title", { name: customer.name })} close={close} heading={heading}>
      {isActive && token.link ? (
        <Stack>
          <Suspense fallback={<Loading />}>
            <QrCode link={token.link} name={t("qr.title", { name: customer.name })} />
          </Suspense>
          <Text size="sm">{t("qr.text")}</Text>
        </Stack>
      ) : (
        <Text role="alert">{t("linkDead")}</Text>
      )}
    </Dialog>
  );
}
