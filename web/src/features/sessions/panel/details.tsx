import { Code } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../../components/copy-button";
import type { SessionDetailsFragment } from "../../../gql/graphql";
import { useFormat } from "../../../hooks/use-format";
import classes from "./panel.module.css";
import { Section } from "./section";

export function Details({ session }: { session: SessionDetailsFragment }) {
  const { t } = useTranslation(["session", "common"]);
  const format = useFormat();
  const { id, customer, conversion, roomId, dateCreated, metadata } = session;
  const metadataEntries = Object.entries(metadata);
  return (
    <>
      <Section title={t("details")}>
        <dl className={classes.details}>
          <Detail label={t("detail.id")} copyText={id}>
            <Code>{id}</Code>
          </Detail>
          <Detail label={t("detail.customer")} copyText={customer.name}>
            {customer.name || t("common:redactedCustomer")}
          </Detail>
          {(["phone", "email"] as const).map(
            (name) =>
              customer[name] && (
                <Detail key={name} label={t(`detail.${name}`)} copyText={customer[name]}>
                  {customer[name]}
                </Detail>
              ),
          )}
          <Detail label={t("detail.dateCreated")}>{format.preciseDateTime(dateCreated)}</Detail>
          <Detail label={t("detail.conversion")}>
            {conversion ? (
              <>
                {t(`common:conversion.${conversion.kind}`)}
                {conversion.order && ` · ${conversion.order.number}`}
                <br />
                {format.preciseDateTime(conversion.at)}
              </>
            ) : (
              t("none.conversion")
            )}
          </Detail>
          <Detail label={t("detail.roomId")} copyText={roomId}>
            {roomId ?? t("none.room")}
          </Detail>
        </dl>
      </Section>
      {metadataEntries.length > 0 && (
        <Section title={t("metadata")}>
          <dl className={classes.details}>
            {metadataEntries.map(([name, value]) => (
              <Detail key={name} label={name}>
                {typeof value === "string" ? value : JSON.stringify(value)}
              </Detail>
            ))}
          </dl>
        </Section>
      )}
    </>
  );
}

interface DetailProps {
  label: string;
  /** The text of the copy button. Without it, there is no button. */
  copyText?: string | null;
  children: ReactNode;
}

export function Detail({ label, copyText, children }: DetailProps) {
  const { t } = useTranslation("session");
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <div className={classes.value}>{children}</div>
        {copyText && <CopyButton text={copyText} label={t("copy", { what: label })} />}
      </dd>
    </div>
  );
}
