import { VisuallyHidden } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  type CSSProperties,
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useLayoutEffect,
  useMemo,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useMatch, useNavigate } from "react-router";
import type { OperationContext } from "urql";
import { NotUpToDate } from "../../../components/stale-data-alert";
import { useFormat } from "../../../format";
import { NoSessions, NotAnswered } from "./empty-states";
import { PageRows } from "./page-rows";
import { rowId } from "./session-row";
import classes from "./session-table.module.css";
import { Header } from "./table-header";
import { usePlace } from "./use-active-row";
import type { Column } from "./use-columns";
import { PAGE, useKnownPages } from "./use-keyset-pages";
import { useRowsInView } from "./use-virtual-rows";
import { queryOf, type View, variablesOf } from "./view";

// Pixels, as in the stylesheet; below that width, a row is a card.
const NARROW = "(max-width: 61.99em)";
const ROW = 44;
const CARD = 76;
const HEADER = 36;

// A page is asked for when so many rows before it come into view.
const AHEAD = 60;

interface SessionListProps {
  grid: RefObject<HTMLTableElement | null>;
  view: View;
  change: (changed: Partial<View>) => void;
  columns: readonly Column[];
  context: Partial<OperationContext>;
  refresh: () => void;
  /** How many there are, as far as that is known. */
  count: number | undefined;
}

export function SessionList({ grid, view, change, columns, context, refresh, count }: SessionListProps) {
  const { t } = useTranslation(["sessions", "common"]);
  const format = useFormat();
  const [spoken, say] = useState("");
  const texts = useMemo(() => ({ t, format, say }), [t, format]);
  const navigate = useNavigate();
  const isNarrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const height = isNarrow ? CARD : ROW;
  const header = isNarrow ? 0 : HEADER;
  const query = useLocation().search;
  const open = useMatch("/sessions/:id")?.params.id;

  const shown = queryOf(view);
  const variables = useMemo(() => variablesOf(view), [view]);
  const pages = useKnownPages(shown);
  const { rows, cursors, end, failure, isThere } = pages;

  const place = usePlace(grid, height);
  const active = place.active === undefined ? undefined : Math.max(0, Math.min(place.active, rows - 1));
  const found = useCallback<typeof pages.found>(
    (page, connection) => {
      pages.found(page, connection);
      place.follow(page, connection.nodes);
    },
    [pages.found, place.follow],
  );

  const inView = useRowsInView(grid, height, header);
  const last = Math.min(inView.last, rows - 1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another view begins at its top
  useLayoutEffect(() => {
    place.forget();
    if (grid.current) grid.current.scrollTop = 0;
    // Whoever went on to the rows before they are those of the view is on the first of them.
    if (grid.current && document.activeElement === grid.current) place.select(0);
  }, [shown]);

  const indexesOf = new Map<number, number[]>();
  const add = (index: number) => {
    const page = Math.floor(index / PAGE);
    indexesOf.set(page, [...(indexesOf.get(page) ?? []), index]);
  };
  for (let index = inView.first; index <= last; index += 1) add(index);
  // Screen readers are told of the active row, wherever the list is scrolled to.
  if (active !== undefined && (active < inView.first || active > last)) add(active);
  const ahead = Math.floor((Math.max(last, 0) + AHEAD) / PAGE);
  const next = Math.min(ahead, cursors.length - 1);
  if (!indexesOf.has(next)) indexesOf.set(next, []);

  function select(index: number) {
    const row = Math.max(0, Math.min(index, rows - 1));
    place.select(row);
    inView.show(row);
  }

  // Whoever comes here by keyboard is on a row.
  function enter({ target, currentTarget }: FocusEvent) {
    if (target !== currentTarget || !target.matches(":focus-visible") || active !== undefined || rows === 0) return;
    place.select(Math.ceil(currentTarget.scrollTop / height));
  }

  function press(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey || rows === 0) return;
    const screen = Math.max(1, Math.floor(((grid.current?.clientHeight ?? 0) - header) / height) - 1);
    const isHere = event.target === event.currentTarget;
    const row = active === undefined ? null : document.getElementById(rowId(active));
    switch (event.key) {
      case "ArrowDown":
        select(active === undefined ? 0 : active + 1);
        break;
      case "ArrowUp":
        select((active ?? 0) - 1);
        break;
      case "PageDown":
        select((active ?? 0) + screen);
        break;
      case "PageUp":
        select((active ?? 0) - screen);
        break;
      case "Home":
        select(0);
        break;
      case "End":
        select(rows - 1);
        break;
      case "Enter":
        if (!isHere) return;
        row?.querySelector("a")?.click();
        break;
      case "c":
        row?.querySelector<HTMLElement>('[data-column="link"] button')?.click();
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  const hasFailed = failure && indexesOf.has(failure.page) ? failure.error : null;
  const isEmpty = end === 0 && !hasFailed;
  const isUnanswered = hasFailed && !isThere;
  const total = end ?? count;

  return (
    <>
      <VisuallyHidden role="status">{spoken}</VisuallyHidden>
      {hasFailed && isThere && <NotUpToDate error={hasFailed} text={t("notUpToDate")} again={refresh} />}
      {hasFailed && !isThere && <NotAnswered error={hasFailed} again={refresh} view={view} change={change} />}
      {isEmpty && <NoSessions view={view} change={change} />}
      <table
        ref={grid}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its rows are gone through by keys
        role="grid"
        aria-label={t("list")}
        aria-rowcount={total === undefined ? -1 : total + 1}
        aria-colcount={columns.length}
        aria-busy={!isThere}
        aria-activedescendant={active === undefined ? undefined : rowId(active)}
        tabIndex={0}
        hidden={isEmpty || Boolean(isUnanswered)}
        className={classes.grid}
        style={
          {
            "--row": `${height}px`,
            "--header": `${header}px`,
            "--columns": columns.map(({ width }) => width).join(" "),
          } as CSSProperties
        }
        onFocus={enter}
        onKeyDown={press}
        onScroll={() => {
          place.scrolled();
          inView.scrolled();
        }}
      >
        <Header columns={columns} view={view} change={change} />
        <tbody className={classes.body} style={{ height: rows * height }}>
          {[...indexesOf]
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
                query={query}
                texts={texts}
                openPanel={navigate}
                active={active}
                open={open}
                select={place.select}
                found={found}
                failed={pages.failed}
              />
            ))}
        </tbody>
      </table>
    </>
  );
}
