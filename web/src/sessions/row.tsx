import { Skeleton, Text } from "@mantine/core";
import { Link2 as LinkIcon } from "lucide-react";
import { type CSSProperties, type MouseEvent, memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { TokenStatusBadge } from "../components/token-status";
import { useFormat } from "../format";
import type { SessionFieldsFragment } from "../gql/graphql";
import type { Column } from "./columns";
import { Copy } from "./copy";
import { ExpiredTime } from "./expired-time";
import classes from "./sessions.module.css";

interface Place {
  /** Counted from the list's first row. */
  index: number;
  isActive: boolean;
  columns: readonly Column[];
}

export interface RowProps extends Place {
  session: SessionFieldsFragment;
  isOpen: boolean;
  /** What the URL holds of the view. */
  query: string;
  select: (index: number) => void;
}

export const rowId = (index: number) => `row-${index}`;

export const Row = memo(function Row({ session, index, isActive, isOpen, columns, query, select }: RowProps) {
  const navigate = useNavigate();
  const to = { pathname: `/sessions/${session.id}`, search: query };

  function click({ target }: MouseEvent) {
    select(index);
    const isControl = target instanceof Element && target.closest("a, button");
    const isText = window.getSelection()?.type === "Range";
    if (!isControl && !isText) navigate(to);
  }

  return (
    <tr {...placeOf(index, isActive)} data-open={isOpen || undefined} onClick={click}>
      {columns.map(({ name }, column) => (
        <td key={name} aria-colindex={column + 1} className={classes.cell} data-column={name}>
          <Cell name={name} session={session} to={to} tabIndex={isActive ? 0 : -1} />
        </td>
      ))}
    </tr>
  );
});

export function EmptyRow({ index, isActive, columns }: Place) {
  const { t } = useTranslation();
  return (
    <tr {...placeOf(index, isActive)}>
      <td colSpan={columns.length} aria-label={t("loading")} className={classes.empty}>
        <Skeleton height={12} width={`${35 + ((index * 17) % 40)}%`} />
      </td>
    </tr>
  );
}

function placeOf(index: number, isActive: boolean) {
  return {
    id: rowId(index),
    className: classes.row,
    // The header is the first.
    "aria-rowindex": index + 2,
    "aria-selected": isActive,
    style: { "--index": index } as CSSProperties,
  };
}

interface CellProps {
  name: Column["name"];
  session: SessionFieldsFragment;
  to: { pathname: string; search: string };
  tabIndex: number;
}

function Cell({ name, session, to, tabIndex }: CellProps): ReactNode {
  const { t } = useTranslation("sessions");
  const format = useFormat();
  const { id, customer, token, dateCreated, conversion, roomId } = session;
  switch (name) {
    case "id":
      return (
        <Copy text={id} title={id} label={t("copyId")} copied={t("idCopied")} tabIndex={tabIndex}>
          <span className={classes.code}>{shortened(id)}</span>
        </Copy>
      );
    case "customer":
      return (
        <Link to={to} tabIndex={tabIndex} className={classes.customer} title={customer.name}>
          {customer.name}
        </Link>
      );
    case "link":
      return token.link ? (
        <Copy
          text={token.link}
          title={token.link}
          label={t("copyLink", { name: customer.name })}
          copied={t("linkCopied")}
          tabIndex={tabIndex}
          icon={LinkIcon}
        >
          <span className={`${classes.code} ${classes.link}`}>{`…${token.link.slice(-12)}`}</span>
        </Copy>
      ) : (
        <Text size="xs" className={classes.quiet} lineClamp={2} title={t("noLinkReason")}>
          {t("noLink")}
        </Text>
      );
    case "status":
      return <TokenStatusBadge token={token} />;
    case "dateCreated":
      return (
        <time dateTime={dateCreated} title={format.second(dateCreated)}>
          {format.dateTime(dateCreated)}
        </time>
      );
    case "expiredTime":
      return <ExpiredTime token={token} />;
    case "room":
      return <span title={roomId ?? undefined}>{roomId}</span>;
    case "conversion":
      return conversion && <span title={format.second(conversion.at)}>{t(`conversion.${conversion.kind}`)}</span>;
  }
}

/** The end tells sessions apart; all of them begin alike, and then with their time. */
const shortened = (id: string) => id.replace(/^(session_).+(.{8})$/, "$1…$2");
