import { AppShell, Group, NavLink, Text } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { ChartColumn, ScrollText, Settings, TableProperties } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, Outlet, useLocation } from "react-router";
import { useViewer } from "../hooks/use-viewer";
import { AccountMenu } from "./account-menu";
import { OfflineBanner } from "./offline-banner";
import classes from "./shell.module.css";

const PAGES = [
  { name: "sessions", path: "/", icon: TableProperties },
  { name: "overview", path: "/overview", icon: ChartColumn },
  { name: "settings", path: "/settings", icon: Settings },
  { name: "audit", path: "/audit", icon: ScrollText },
] as const;

/** The frame of every page: the store's name, the navigation and the account menu. */
export function Shell() {
  const { t } = useTranslation();
  const { can, store } = useViewer();
  const { pathname } = useLocation();
  // The panel of a session is part of the list's page.
  const current = PAGES.find(({ path }) => path === pathname) ?? PAGES[0];
  useDocumentTitle(`${t(`page.${current.name}`)} · ${store.name}`);
  return (
    <AppShell header={{ height: 52 }} padding={0}>
      <AppShell.Header>
        <Group h="100%" px="md" gap="xs" wrap="nowrap">
          <Text fw={600} truncate flex={1} title={store.name}>
            {store.name}
          </Text>
          <Group component="nav" gap={0} wrap="nowrap" aria-label={t("pages")}>
            {PAGES.filter(({ name }) => name !== "audit" || can("ADMIN")).map((page) => (
              <PageLink key={page.name} {...page} isCurrent={page === current} />
            ))}
          </Group>
          <AccountMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Main h="100dvh" display="flex" style={{ flexDirection: "column" }}>
        <OfflineBanner />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function PageLink({ name, path, icon: Icon, isCurrent }: (typeof PAGES)[number] & { isCurrent: boolean }) {
  const { t } = useTranslation();
  const label = t(`page.${name}`);
  return (
    <NavLink
      component={Link}
      to={path}
      active={isCurrent}
      aria-current={isCurrent ? "page" : undefined}
      aria-label={label}
      label={
        <Text span size="sm" visibleFrom="xs">
          {label}
        </Text>
      }
      leftSection={<Icon size={18} aria-hidden />}
      classNames={{ section: classes.icon }}
      w="auto"
      bdrs="md"
    />
  );
}
