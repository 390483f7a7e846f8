import { ActionIcon, Button, Kbd, Menu, Text, Title } from "@mantine/core";
import { useDisclosure, useWindowEvent } from "@mantine/hooks";
import { Columns3, ListFilter, RefreshCw } from "lucide-react";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { ForbiddenState } from "../../../components/states";
import { useFormat } from "../../../hooks/use-format";
import { useRefresh } from "../../../hooks/use-refresh";
import { useViewer } from "../../../hooks/use-viewer";
import { useCanSeeLink } from "../session-fields";
import { useSessionCount } from "../use-session-count";
import { OPTIONAL_COLUMNS } from "./columns";
import { Filters } from "./filters";
import classes from "./page.module.css";
import { SearchBox } from "./search-box";
import { SessionTable } from "./session-table";
import { useColumns } from "./use-columns";
import { useView } from "./use-view";
import { hasFilters, viewVariables } from "./view";

const ICON_SIZE = 18;

// Elements that do not use the down arrow themselves.
const WITHOUT_ARROW_KEYS =
  ":is(body, a, button:not([aria-haspopup]), input[type=checkbox]):not([role=dialog] *, [role=menu] *)";

export function SessionsPage() {
  const { can } = useViewer();
  return can("SESSIONS_READ") ? <Sessions /> : <ForbiddenState />;
}

function Sessions() {
  const { t } = useTranslation(["sessions", "common"]);
  const format = useFormat();
  const { view, searchText, setSearchText, changeView } = useView();
  const { columns, visibleOptional, setVisibleOptional } = useColumns();
  const { context, refresh } = useRefresh({ poll: true });
  const { filter } = useMemo(() => viewVariables(view), [view]);
  const { count, isLoading } = useSessionCount(filter, context);
  const [isFiltersOpen, filters] = useDisclosure();
  const table = useRef<HTMLTableElement>(null);
  const focusTable = () => table.current?.focus({ preventScroll: true });

  // The down arrow moves to the table from anywhere on the page.
  useWindowEvent("keydown", (event) => {
    const isFree = !event.defaultPrevented && document.activeElement?.matches(WITHOUT_ARROW_KEYS);
    if (event.key !== "ArrowDown" || !isFree) return;
    event.preventDefault();
    focusTable();
  });

  return (
    <section className={classes.page}>
      <div className={classes.tools}>
        <div className={classes.bar}>
          <Title order={1} size="h4" mr="xs" className={classes.title}>
            {t("common:page.sessions")}
          </Title>
          <SearchBox text={searchText} setText={setSearchText} focusTable={focusTable} />
          <Text size="sm" role="status" className={`number ${classes.count}`}>
            {count &&
              t(count.precision === "EXACT" ? "count" : "countMore", {
                count: count.value,
                number: format.number(count.value),
              })}
          </Text>
          <Button
            hiddenFrom="md"
            variant={hasFilters({ ...view, search: "" }) ? "filled" : "default"}
            px="xs"
            aria-label={t("filter.label")}
            aria-expanded={isFiltersOpen}
            onClick={filters.toggle}
          >
            <ListFilter size={ICON_SIZE} aria-hidden />
          </Button>
          <ActionIcon variant="default" size={36} aria-label={t("refresh")} title={t("refresh")} onClick={refresh}>
            <RefreshCw size={ICON_SIZE} aria-hidden className={isLoading ? classes.turning : undefined} />
          </ActionIcon>
          <Menu position="bottom-end" closeOnItemClick={false}>
            <Menu.Target>
              <ActionIcon variant="default" size={36} aria-label={t("columns")} title={t("columns")} visibleFrom="md">
                <Columns3 size={ICON_SIZE} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.CheckboxGroup value={visibleOptional} onChange={setVisibleOptional}>
                {OPTIONAL_COLUMNS.map((name) => (
                  <Menu.CheckboxItem key={name} value={name}>
                    {t(`column.${name}`)}
                  </Menu.CheckboxItem>
                ))}
              </Menu.CheckboxGroup>
            </Menu.Dropdown>
          </Menu>
        </div>
        <div className={classes.filters} data-open={isFiltersOpen || undefined}>
          <Filters view={view} changeView={changeView} />
          <KeyHints />
        </div>
      </div>
      <SessionTable
        table={table}
        view={view}
        changeView={changeView}
        columns={columns}
        context={context}
        refresh={refresh}
        count={count?.precision === "EXACT" ? count.value : undefined}
      />
      <div className={classes.panel}>
        <Outlet />
      </div>
    </section>
  );
}

function KeyHints() {
  const { t } = useTranslation("sessions");
  return (
    <Text size="xs" component="div" className={classes.keys}>
      <span>
        <Kbd>{"↑"}</Kbd> <Kbd>{"↓"}</Kbd> {t("keys.move")}
      </span>
      <span>
        <Kbd>{t("keys.enter")}</Kbd> {t("keys.open")}
      </span>
      {useCanSeeLink() && (
        <span>
          <Kbd>{"C"}</Kbd> {t("keys.copy")}
        </span>
      )}
    </Text>
  );
}
