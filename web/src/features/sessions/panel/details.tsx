import { Code } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../../components/copy-button";
import { useFormat } from "../../../format";
import classes from "./panel.module.css";
import { Section } from "./section";
import type { SessionDetailsOf } from "./session-query";

export function Facts({ session }: { session: SessionDetailsOf }) {
  const { t } = useTranslation(["session", "common"]);
  const format = useFormat();
  const { id, customer, conversion, roomId, dateCreated, metadata } = session;
  const more = Object.entries(metadata);
  return (
    <>
      <Section title={t("facts")}>
        <dl className={classes.facts}>
          <Fact label={t("fact.id")} copied={id}>
            <Code>{id}</Code>
          </Fact>
          <Fact label={t("fact.customer")} copied={customer.name}>
            {customer.name}
          </Fact>
          {customer.phone && (
            <Fact label={t("fact.phone")} copied={customer.phone}>
              {customer.phone}
            </Fact>
          )}
          {customer.email && (
            <Fact label={t("fact.email")} copied={customer.email}>
              {customer.email}
            </Fact>
          )}
          <Fact label={t("fact.dateCreated")}>{format.second(dateCreated)}</Fact>
          <Fact label={t("fact.conversion")}>
            {conversion ? (
              <>
                {t(`common:kind.${conversion.kind}`)}
                {conversion.order && ` · ${conversion.order.number}`}
                <br />
                {format.second(conversion.at)}
              </>
            ) : (
              t("none.conversion")
            )}
          </Fact>
          <Fact label={t("fact.roomId")} copied={roomId}>
            {roomId ?? t("none.room")}
          </Fact>
        </dl>
      </Section>
      {more.length > 0 && (
        <Section title={t("metadata")}>
          <dl className={classes.facts}>
            {more.map(([name, value]) => (
              <Fact key={name} label={name}>
                {typeof value === "string" ? value : JSON.stringify(value)}
              </Fact>
            ))}
          </dl>
        </Section>
      )}
    </>
  );
}

/** `copied`: what can be copied of it. */
export function Fact({ label, copied, children }: { label: string; copied?: string | null; children: ReactNode }) {
  const { t } = useTranslation("session");
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <div className={classes.value}>{children}</div>
        {copied && <CopyButton text={copied} label={t("copy", { what: label })} />}
      </dd>
    </div>
  );
}
