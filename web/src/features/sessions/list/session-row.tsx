import { Skeleton } from "@mantine/core";
import type { TFunction } from "i18next";
import { Link2, Link2Off } from "lucide-react";
import { type CSSProperties, type MouseEvent, memo, type ReactNode } from "react";
import { TokenStatusBadge } from "../../../components/token-status-badge";
import type { Formats } from "../../../format";
import type { SessionFieldsFragment } from "../../../gql/graphql";
import { Copy } from "./copy";
import { ExpiredTime } from "./expired-time";
import classes from "./session-table.module.css";
import type { Column } from "./use-columns";

/** How texts are written and said: asked for once, as a list has many cells. */
export interface Texts {
  t: TFunction<["sessions", "common"]>;
  format: Formats;
  say: (text: string) => void;
}

interface Position {
  /** Counted from the list's first row. */
  index: number;
  isActive: boolean;
  columns: readonly Column[];
  texts: Texts;
}

export interface RowProps extends Position {
  session: SessionFieldsFragment;
  isOpen: boolean;
  href: string;
  select: (index: number) => void;
  /** Open its panel. */
  openPanel: (href: string) => void;
}

export const rowId = (index: number) => `row-${index}`;

export const Row = memo(function Row(props: RowProps) {
  const { session, index, isActive, isOpen, columns, texts, href, select, openPanel } = props;

  function click(event: MouseEvent) {
    const { target, currentTarget } = event;
    select(index);
    const isForBrowser = event.ctrlKey || event.metaKey || event.shiftKey;
    if (isForBrowser || !(target instanceof Element) || target.closest("button")) return;
    event.preventDefault();
    // The panel gives the focus back to the list, which always is there.
    currentTarget.closest("table")?.focus({ preventScroll: true });
    const isText = window.getSelection()?.type === "Range";
    if (!isText || target.closest("a")) openPanel(href);
  }

  return (
    <tr {...placeOf(index, isActive)} data-open={isOpen || undefined} onClick={click}>
      {columns.map(({ name }, column) => (
        <td key={name} aria-colindex={column + 1} className={classes.cell} data-column={name}>
          <Cell name={name} session={session} texts={texts} href={href} tabIndex={isActive ? 0 : -1} />
        </td>
      ))}
    </tr>
  );
});

export function EmptyRow({ index, isActive, columns, texts }: Position) {
  return (
    <tr {...placeOf(index, isActive)}>
      <td colSpan={columns.length} aria-label={texts.t("loading")} className={classes.empty}>
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
  texts: Texts;
  href: string;
  tabIndex: number;
}

function Cell({ name, session, texts, href, tabIndex }: CellProps): ReactNode {
  const { t, format } = texts;
  const { id, customer, token, dateCreated, conversion, roomId } = session;
  switch (name) {
    case "id":
      return (
        <Copy
          text={id}
          title={id}
          label={t("copyId", { id: shortened(id) })}
          said={t("idCopied")}
          texts={texts}
          tabIndex={tabIndex}
        >
          <span className={classes.code}>{shortened(id)}</span>
        </Copy>
      );
    case "customer":
      return (
        <a href={href} tabIndex={tabIndex} className={classes.customer} title={customer.name}>
          {customer.name}
        </a>
      );
    case "link":
      return token.link ? (
        <Copy
          text={token.link}
          title={token.link}
          label={t("copyLink", { name: customer.name, link: `…${token.link.slice(-12)}` })}
          said={t("linkCopied")}
          texts={texts}
          tabIndex={tabIndex}
          icon={Link2}
        >
          <span className={`${classes.code} ${classes.link}`}>{`…${token.link.slice(-12)}`}</span>
        </Copy>
      ) : (
        <span className={classes.none} title={t("noLinkReason")}>
          <Link2Off size={14} aria-hidden />
          <span>{t("noLink")}</span>
        </span>
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
      return <ExpiredTime token={token} texts={texts} />;
    case "room":
      return <span title={roomId ?? undefined}>{roomId}</span>;
    case "conversion":
      return conversion && <span title={format.second(conversion.at)}>{t(`common:kind.${conversion.kind}`)}</span>;
  }
}

/** The end tells sessions apart; all of them begin alike, and then with their time. */
const shortened = (id: string) => id.replace(/^(session_).+(.{8})$/, "$1…$2");
