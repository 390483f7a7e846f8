import { ActionIcon, Button, Kbd, Menu, Text, Title } from "@mantine/core";
import { useDisclosure, useWindowEvent } from "@mantine/hooks";
import { Columns3, ListFilter, Lock, RefreshCw } from "lucide-react";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { State } from "../../../components/states";
import { useFormat } from "../../../format";
import { useRefreshes } from "../../../hooks/use-refresh";
import { useViewer } from "../../../hooks/use-viewer";
import { useCount } from "../use-session-count";
import { Filters } from "./filters";
import classes from "./page.module.css";
import { SearchBox } from "./search-box";
import { SessionList } from "./session-table";
import { OPTIONAL, useColumns } from "./use-columns";
import { useView } from "./use-view";
import { isFiltered, variablesOf } from "./view";

const ICON = 18;

const WITHOUT_ARROWS =
  ":is(body, a, button:not([aria-haspopup]), input[type=checkbox]):not([role=dialog] *, [role=menu] *)";

export function SessionsPage() {
  const { t } = useTranslation();
  const { can } = useViewer();
  if (can("SESSIONS_READ")) return <Sessions />;
  return <State icon={Lock} title={t("failed.forbidden")} text={t("failed.forbiddenText")} />;
}

function Sessions() {
  const { t } = useTranslation(["sessions", "common"]);
  const format = useFormat();
  const { view, text, setText, change } = useView();
  const { columns, shown, show } = useColumns();
  const { context, refresh } = useRefreshes({ isWatched: true });
  const { filter } = useMemo(() => variablesOf(view), [view]);
  const { count, isAsking } = useCount(filter, context);
  const [isFiltersOpen, filters] = useDisclosure();
  const grid = useRef<HTMLTableElement>(null);

  // The keys of the list work at once, wherever one is that has none of its own.
  useWindowEvent("keydown", (event) => {
    if (event.key !== "ArrowDown" || event.defaultPrevented || !document.activeElement?.matches(WITHOUT_ARROWS)) return;
    event.preventDefault();
    grid.current?.focus({ preventScroll: true });
  });

  return (
    <section className={classes.page}>
      <div className={classes.tools}>
        <div className={classes.bar}>
          <Title order={1} size="h4" mr="xs" className={classes.title}>
            {t("common:page.sessions")}
          </Title>
          <SearchBox text={text} setText={setText} leave={() => grid.current?.focus({ preventScroll: true })} />
          <Text size="sm" role="status" className={`number ${classes.count}`}>
            {count &&
              t(count.precision === "EXACT" ? "count" : "countMore", {
                count: count.value,
                number: format.number(count.value),
              })}
          </Text>
          <Button
            hiddenFrom="md"
            variant={isFiltered({ ...view, search: "" }) ? "filled" : "default"}
            px="xs"
            aria-label={t("filter.label")}
            aria-expanded={isFiltersOpen}
            onClick={filters.toggle}
          >
            <ListFilter size={ICON} aria-hidden />
          </Button>
          <ActionIcon variant="default" size={36} aria-label={t("refresh")} title={t("refresh")} onClick={refresh}>
            <RefreshCw size={ICON} aria-hidden className={isAsking ? classes.turning : undefined} />
          </ActionIcon>
          <Menu position="bottom-end" closeOnItemClick={false}>
            <Menu.Target>
              <ActionIcon variant="default" size={36} aria-label={t("columns")} title={t("columns")} visibleFrom="md">
                <Columns3 size={ICON} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.CheckboxGroup value={shown} onChange={show}>
                {OPTIONAL.map((name) => (
                  <Menu.CheckboxItem key={name} value={name}>
                    {t(`column.${name}`)}
                  </Menu.CheckboxItem>
                ))}
              </Menu.CheckboxGroup>
            </Menu.Dropdown>
          </Menu>
        </div>
        <div className={classes.filters} data-open={isFiltersOpen || undefined}>
          <Filters view={view} change={change} />
          <Keys />
        </div>
      </div>
      <SessionList
        grid={grid}
        view={view}
        change={change}
        columns={columns}
        context={context}
        refresh={refresh}
        count={count?.precision === "EXACT" ? count.value : undefined}
      />
      <div className={classes.aside}>
        <Outlet />
      </div>
    </section>
  );
}

function Keys() {
  const { t } = useTranslation("sessions");
  return (
    <Text size="xs" component="div" className={classes.keys}>
      <span>
        <Kbd>{"↑"}</Kbd> <Kbd>{"↓"}</Kbd> {t("keys.move")}
      </span>
      <span>
        <Kbd>{t("keys.enter")}</Kbd> {t("keys.open")}
      </span>
      <span>
        <Kbd>{"C"}</Kbd> {t("keys.copy")}
      </span>
    </Text>
  );
}
