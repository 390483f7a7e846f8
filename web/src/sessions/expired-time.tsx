import { useTranslation } from "react-i18next";
import { useClock } from "../clock";
import { useFormat } from "../format";
import type { SessionFieldsFragment } from "../gql/graphql";

const DAY = 86_400_000;

/** Counts down while it is under a day; the moment itself is in the title. */
export function ExpiredTime({ token }: { token: SessionFieldsFragment["token"] }) {
  const { t } = useTranslation("sessions");
  const format = useFormat();
  const { expiredTime, status } = token;
  const ends = expiredTime ? Date.parse(expiredTime) : 0;
  const text = useClock((now) => {
    if (!expiredTime) return t("never");
    if (ends <= now) return format.ago(now - ends);
    return status === "ACTIVE" && ends - now < DAY ? format.span(ends - now) : format.dateTime(expiredTime);
  });
  if (!expiredTime) return text;
  return (
    <time dateTime={expiredTime} title={format.second(expiredTime)} className="number">
      {text}
    </time>
  );
}
