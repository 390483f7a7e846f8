import { Inbox } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";
import { errorCodes } from "../../../client";
import { EmptyState, ErrorState } from "../../../components/states";
import { isReversed } from "../../../day-range";
import { ClearFiltersButton } from "./clear-filters-button";
import { hasFilters, type View } from "./view";

interface NoSessionsProps {
  view: View;
  changeView: (changes: Partial<View>) => void;
}

export function NoSessions({ view, changeView }: NoSessionsProps) {
  const { t } = useTranslation(["sessions", "common"]);
  if (!hasFilters(view)) return <EmptyState icon={Inbox} title={t("none.title")} text={t("none.text")} />;
  return (
    <EmptyState title={t("noMatch.title")} text={isReversed(view) ? t("common:dayRange.reversed") : t("noMatch.text")}>
      <ClearFiltersButton variant="default" changeView={changeView} />
    </EmptyState>
  );
}

interface ListErrorProps extends NoSessionsProps {
  error: CombinedError;
  retry: () => void;
}

/** Shown instead of the list if its first page could not be fetched. */
export function ListError({ error, retry, view, changeView }: ListErrorProps) {
  const { t } = useTranslation("sessions");
  if (!errorCodes(error).includes("BAD_USER_INPUT")) return <ErrorState error={error} retry={retry} />;
  return (
    <EmptyState title={t("invalid.title")} text={view.search ? t("invalid.search") : error.graphQLErrors[0]?.message}>
      <ClearFiltersButton variant="default" changeView={changeView} />
    </EmptyState>
  );
}
