import { Button } from "@mantine/core";
import { useNetwork, useWindowEvent } from "@mantine/hooks";
import { Unplug } from "lucide-react";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "./states";

interface Props {
  children: ReactNode;
}

/** Shows a message if a part of the page fails, or cannot be loaded because of the connection or an upgrade. */
export class ErrorBoundary extends Component<Props, { hasFailed: boolean }> {
  state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  render() {
    return this.state.hasFailed ? <LoadError /> : this.props.children;
  }
}

function LoadError() {
  const { t } = useTranslation();
  const { online } = useNetwork();
  useWindowEvent("online", () => location.reload());
  return (
    <EmptyState icon={Unplug} title={t("loadError.title")} text={t(online ? "loadError.text" : "loadError.offline")}>
      <Button variant="default" disabled={!online} onClick={() => location.reload()}>
        {t("loadError.reload")}
      </Button>
    </EmptyState>
  );
}
