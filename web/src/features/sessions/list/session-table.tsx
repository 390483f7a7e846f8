import { useMediaQuery } from "@mantine/hooks";
import {
  type CSSProperties,
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useLayoutEffect,
  useMemo,
} from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useMatch, useNavigate } from "react-router";
import type { OperationContext } from "urql";
import { StaleDataAlert } from "../../../components/stale-data-alert";
import { useFormat } from "../../../hooks/use-format";
import type { Column } from "./columns";
import { ListError, NoSessions } from "./empty-states";
import { rowAfterKey } from "./keyboard";
import { rowsByPage } from "./keyset-pages";
import { PageRows } from "./page-rows";
import { rowId } from "./session-row";
import classes from "./session-table.module.css";
import { TableHeader } from "./table-header";
import { useActiveRow } from "./use-active-row";
import { useKeysetPages } from "./use-keyset-pages";
import { useVirtualRows } from "./use-virtual-rows";
import { formatView, type View, viewVariables } from "./view";

// In pixels, as in the style sheet. On narrow screens, a row is a card.
const NARROW = "(max-width: 61.99em)";
const ROW_HEIGHT = 44;
const CARD_HEIGHT = 76;
const HEADER_HEIGHT = 36;

interface SessionTableProps {
  table: RefObject<HTMLTableElement | null>;
  view: View;
  changeView: (changes: Partial<View>) => void;
  columns: readonly Column[];
  context: Partial<OperationContext>;
  refresh: () => void;
  /** The number of sessions, if it is known. */
  count: number | undefined;
}

export function SessionTable({ table, view, changeView, columns, context, refresh, count }: SessionTableProps) {
  const { t } = useTranslation(["sessions", "common"]);
  const format = useFormat();
  const texts = useMemo(() => ({ t, format }), [t, format]);
  const navigate = useNavigate();
  const queryString = useLocation().search;
  const openId = useMatch("/sessions/:id")?.params.id;

  const isNarrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const rowHeight = isNarrow ? CARD_HEIGHT : ROW_HEIGHT;
  const headerHeight = isNarrow ? 0 : HEADER_HEIGHT;

  const viewKey = formatView(view);
  const variables = useMemo(() => viewVariables(view), [view]);
  const pages = useKeysetPages(viewKey);
  const { rows, cursors, total, failure, isLoaded } = pages;

  const activeRow = useActiveRow(table, rowHeight);
  const active = activeRow.active === undefined ? undefined : Math.max(0, Math.min(activeRow.active, rows - 1));
  const onPage = useCallback<typeof pages.onPage>(
    (page, connection) => {
      pages.onPage(page, connection);
      activeRow.onPage(page, connection.nodes);
    },
    [pages.onPage, activeRow.onPage],
  );

  const virtualRows = useVirtualRows(table, rowHeight, headerHeight);
  const last = Math.min(virtualRows.last, rows - 1);
  const rendered = rowsByPage({ first: virtualRows.first, last, active, pageCount: cursors.length });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new view starts at its top
  useLayoutEffect(() => {
    activeRow.reset();
    if (table.current) table.current.scrollTop = 0;
    // The user may have moved to the table before the view changed.
    if (table.current && document.activeElement === table.current) activeRow.select(0);
  }, [viewKey]);

  // Keyboard users need an active row.
  function handleFocus({ target, currentTarget }: FocusEvent) {
    if (target !== currentTarget || !target.matches(":focus-visible") || active !== undefined || rows === 0) return;
    activeRow.select(Math.ceil(currentTarget.scrollTop / rowHeight));
  }

  function handleKey(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey || rows === 0) return;
    const visibleHeight = (table.current?.clientHeight ?? 0) - headerHeight;
    const pageSize = Math.max(1, Math.floor(visibleHeight / rowHeight) - 1);
    const newRow = rowAfterKey(event.key, active, { count: rows, pageSize });
    const activeElement = active === undefined ? null : document.getElementById(rowId(active));
    if (newRow !== undefined) {
      activeRow.select(newRow);
      virtualRows.scrollTo(newRow);
    } else if (event.key === "Enter" && event.target === event.currentTarget) {
      activeElement?.querySelector("a")?.click();
    } else if (event.key === "c") {
      activeElement?.querySelector<HTMLElement>('[data-column="link"] button')?.click();
    } else return;
    event.preventDefault();
  }

  const error = failure && rendered.has(failure.page) ? failure.error : null;
  const isEmpty = total === 0 && !error;
  const knownTotal = total ?? count;

  return (
    <>
      {error && isLoaded && <StaleDataAlert error={error} text={t("stale")} retry={refresh} />}
      {error && !isLoaded && <ListError error={error} retry={refresh} view={view} changeView={changeView} />}
      {isEmpty && <NoSessions view={view} changeView={changeView} />}
      <table
        ref={table}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the keyboard moves through its rows
        role="grid"
        aria-label={t("list")}
        aria-rowcount={knownTotal === undefined ? -1 : knownTotal + 1}
        aria-colcount={columns.length}
        aria-busy={!isLoaded}
        aria-activedescendant={active === undefined ? undefined : rowId(active)}
        tabIndex={0}
        hidden={isEmpty || (error !== null && !isLoaded)}
        className={classes.table}
        style={
          {
            "--row": `${rowHeight}px`,
            "--header": `${headerHeight}px`,
            "--columns": columns.map(({ width }) => width).join(" "),
          } as CSSProperties
        }
        onFocus={handleFocus}
        onKeyDown={handleKey}
        onScroll={() => {
          activeRow.onScroll();
          virtualRows.onScroll();
        }}
      >
        <TableHeader columns={columns} view={view} changeView={changeView} />
        <tbody className={classes.body} style={{ height: rows * rowHeight }}>
          {[...rendered]
            .filter(([page]) => page < cursors.length)
            .map(([page, indexes]) => (
              <PageRows
                key={page}
                page={page}
                variables={variables}
                after={cursors[page] ?? null}
                context={context}
                indexes={indexes}
                columns={columns}
                queryString={queryString}
                texts={texts}
                openPanel={navigate}
                activeIndex={active}
                openId={openId}
                select={activeRow.select}
                onPage={onPage}
                onError={pages.onError}
              />
            ))}
        </tbody>
      </table>
    </>
  );
}
