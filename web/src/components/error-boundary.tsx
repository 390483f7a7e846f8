import { Button } from "@mantine/core";
import { useNetwork, useWindowEvent } from "@mantine/hooks";
import { Unplug } from "lucide-react";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { State } from "./states";

interface Props {
  children: ReactNode;
}

/** In place of a part that could not be loaded, as without a connection or after an upgrade, or that broke. */
export class Boundary extends Component<Props, { isBroken: boolean }> {
  state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  render() {
    return this.state.isBroken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  const { online } = useNetwork();
  // The address says what was to be shown.
  useWindowEvent("online", () => location.reload());
  return (
    <State icon={Unplug} title={t("broken.title")} text={t(online ? "broken.text" : "broken.offline")}>
      <Button variant="default" disabled={!online} onClick={() => location.reload()}>
        {t("broken.reload")}
      </Button>
    </State>
  );
}
