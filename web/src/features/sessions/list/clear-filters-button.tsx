import { Button, type ButtonProps } from "@mantine/core";
import type { MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import { focusSearch } from "./search-box";
import { ANY, type View } from "./view";

interface ClearProps extends ButtonProps {
  change: (changed: Partial<View>) => void;
}

/** Shows all sessions again. It goes with that; who came by keyboard goes on in the search. */
export function Clear({ change, ...look }: ClearProps) {
  const { t } = useTranslation("sessions");

  function clear({ detail }: MouseEvent) {
    change(ANY);
    if (detail === 0) focusSearch();
  }

  return (
    <Button {...look} onClick={clear}>
      {t("clear")}
    </Button>
  );
}
