import { Skeleton } from "@mantine/core";
import type { TFunction } from "i18next";
import { Link2, Link2Off } from "lucide-react";
import { type CSSProperties, type MouseEvent, memo, type ReactNode } from "react";
import { CopyButton } from "../../../components/copy-button";
import { TokenStatusBadge } from "../../../components/token-status-badge";
import type { Formats } from "../../../format";
import type { SessionFieldsFragment } from "../../../gql/graphql";
import type { Column } from "./columns";
import { ExpiredTime } from "./expired-time";
import { shortenId, shortenLink } from "./search-text";
import classes from "./session-table.module.css";

/** Passed down instead of using hooks in every cell, because the list has many cells. */
export interface Texts {
  t: TFunction<["sessions", "common"]>;
  format: Formats;
}

interface LoadingRowProps {
  /** Counts from the first row of the list. */
  index: number;
  isActive: boolean;
  columns: readonly Column[];
  texts: Texts;
}

export interface SessionRowProps extends LoadingRowProps {
  session: SessionFieldsFragment;
  /** Whether the panel shows this session. */
  isOpen: boolean;
  href: string;
  select: (index: number) => void;
  openPanel: (href: string) => void;
}

export const rowId = (index: number) => `row-${index}`;

export const SessionRow = memo(function SessionRow(props: SessionRowProps) {
  const { session, index, isActive, isOpen, columns, texts, href, select, openPanel } = props;

  function handleClick(event: MouseEvent) {
    const { target, currentTarget } = event;
    select(index);
    const isForBrowser = event.ctrlKey || event.metaKey || event.shiftKey;
    if (isForBrowser || !(target instanceof Element) || target.closest("button")) return;
    event.preventDefault();
    // The panel returns the focus to the focused element when it closes. A row may be gone by then, the table is not.
    currentTarget.closest("table")?.focus({ preventScroll: true });
    const hasSelectedText = window.getSelection()?.type === "Range";
    if (!hasSelectedText || target.closest("a")) openPanel(href);
  }

  return (
    <tr {...rowAttributes(index, isActive)} data-open={isOpen || undefined} onClick={handleClick}>
      {columns.map(({ name }, column) => (
        <td key={name} aria-colindex={column + 1} className={classes.cell} data-column={name}>
          <Cell name={name} session={session} texts={texts} href={href} tabIndex={isActive ? 0 : -1} />
        </td>
      ))}
    </tr>
  );
});

export function LoadingRow({ index, isActive, columns, texts }: LoadingRowProps) {
  return (
    <tr {...rowAttributes(index, isActive)}>
      <td colSpan={columns.length} aria-label={texts.t("common:loading")} className={classes.loading}>
        <Skeleton height={12} width={`${35 + ((index * 17) % 40)}%`} />
      </td>
    </tr>
  );
}

function rowAttributes(index: number, isActive: boolean) {
  return {
    id: rowId(index),
    className: classes.row,
    // Row indexes start at 1, and the first row is the header.
    "aria-rowindex": index + 2,
    "aria-selected": isActive,
    style: { "--index": index } as CSSProperties,
  };
}

interface CellProps {
  name: Column["name"];
  session: SessionFieldsFragment;
  texts: Texts;
  href: string;
  tabIndex: number;
}

function Cell({ name, session, texts, href, tabIndex }: CellProps): ReactNode {
  const { t, format } = texts;
  const { id, customer, token, dateCreated, conversion, roomId } = session;
  const customerName = customer.name || t("common:redactedCustomer");
  switch (name) {
    case "id":
      return (
        <CopyButton
          text={id}
          title={id}
          label={t("copyId", { id: shortenId(id) })}
          announcement={t("idCopied")}
          tabIndex={tabIndex}
        >
          <span className={classes.code}>{shortenId(id)}</span>
        </CopyButton>
      );
    case "customer":
      return (
        <a href={href} tabIndex={tabIndex} className={classes.customer} title={customerName}>
          {customerName}
        </a>
      );
    case "link":
      return token.link ? (
        <CopyButton
          text={token.link}
          title={token.link}
          label={t("copyLink", { name: customerName, link: shortenLink(token.link) })}
          announcement={t("linkCopied")}
          tabIndex={tabIndex}
          icon={Link2}
        >
          <span className={classes.code}>{shortenLink(token.link)}</span>
        </CopyButton>
      ) : (
        <span className={classes.noLink} title={t("noLinkReason")}>
          <Link2Off size={14} aria-hidden />
          <span>{t("noLink")}</span>
        </span>
      );
    case "status":
      return <TokenStatusBadge token={token} />;
    case "dateCreated":
      return (
        <time dateTime={dateCreated} title={format.preciseDateTime(dateCreated)}>
          {format.dateTime(dateCreated)}
        </time>
      );
    case "expiredTime":
      return <ExpiredTime token={token} texts={texts} />;
    case "room":
      return <span title={roomId ?? undefined}>{roomId}</span>;
    case "conversion":
      return (
        conversion && (
          <span title={format.preciseDateTime(conversion.at)}>{t(`common:conversion.${conversion.kind}`)}</span>
        )
      );
  }
}
