import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../../components/copy-button";
import type { SessionDetailsFragment } from "../../../gql/graphql";
import { useFormat } from "../../../hooks/use-format";
import classes from "./panel.module.css";
import { Section } from "./section";

export function Orders({ orders }: Pick<SessionDetailsFragment, "orders">) {
  const { t } = useTranslation("session");
  const format = useFormat();
  return (
    <Section title={t("orders")}>
      {orders.length === 0 ? (
        <Text size="sm">{t("none.orders")}</Text>
      ) : (
        <ul className={classes.orders}>
          {orders.map(({ id, number, total, placedAt }) => (
            <li key={id}>
              <Text span fw={600}>
                {number}
              </Text>
              <CopyButton text={number} label={t("copy", { what: number })} />
              {total && (
                <Text span className="number">
                  {format.money(total.amount, total.currency)}
                </Text>
              )}
              <Text span size="sm">
                {placedAt ? t("placedAt", { at: format.dateTime(placedAt) }) : t("none.placedAt")}
              </Text>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
