import { Button, type ButtonProps } from "@mantine/core";
import type { MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import { focusSearch } from "./search-box";
import { NO_FILTERS, type View } from "./view";

interface ClearFiltersButtonProps extends ButtonProps {
  changeView: (changes: Partial<View>) => void;
}

/** Shows all sessions again. The button disappears then, so keyboard users are taken to the search box. */
export function ClearFiltersButton({ changeView, ...props }: ClearFiltersButtonProps) {
  const { t } = useTranslation("sessions");

  function clear({ detail }: MouseEvent) {
    changeView(NO_FILTERS);
    const isByKeyboard = detail === 0;
    if (isByKeyboard) focusSearch();
  }

  return (
    <Button {...props} onClick={clear}>
      {t("clear")}
    </Button>
  );
}
