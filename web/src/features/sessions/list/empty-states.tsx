import { Inbox } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";
import { codesOf } from "../../../client";
import { Failed, Nothing, State } from "../../../components/states";
import { Clear } from "./clear-filters-button";
import { isFiltered, type View } from "./view";

interface Changing {
  change: (changed: Partial<View>) => void;
}

export function NoSessions({ view, change }: Changing & { view: View }) {
  const { t } = useTranslation(["sessions", "common"]);
  if (!isFiltered(view)) return <State icon={Inbox} title={t("none.title")} text={t("none.text")} />;
  return (
    <Nothing title={t("noMatch.title")} text={t(view.to && view.from > view.to ? "noMatch.days" : "noMatch.text")}>
      <Clear variant="default" change={change} />
    </Nothing>
  );
}

interface NotAnsweredProps extends Changing {
  error: CombinedError;
  again: () => void;
  view: View;
}

/** The list could not be read. */
export function NotAnswered({ error, again, view, change }: NotAnsweredProps) {
  const { t } = useTranslation(["sessions", "common"]);
  if (!codesOf(error).includes("BAD_USER_INPUT")) return <Failed error={error} again={again} />;
  return (
    <Nothing title={t("refused.title")} text={view.search ? t("refused.search") : error.graphQLErrors[0]?.message}>
      <Clear variant="default" change={change} />
    </Nothing>
  );
}
