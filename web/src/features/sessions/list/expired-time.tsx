import { DAY } from "../../../format";
import type { SessionFieldsFragment } from "../../../gql/graphql";
import { useClock } from "../../../hooks/use-clock";
import type { Texts } from "./session-row";

interface ExpiredTimeProps {
  token: SessionFieldsFragment["token"];
  texts: Texts;
}

/** A countdown in the last 24 hours, and a date before that. The title has the exact time. */
export function ExpiredTime({ token, texts: { t, format } }: ExpiredTimeProps) {
  const { expiredTime, status } = token;
  const expiresAt = expiredTime ? Date.parse(expiredTime) : 0;
  const text = useClock((now) => {
    if (!expiredTime) return t("never");
    if (expiresAt <= now) return format.ago(now - expiresAt);
    const isSoon = status === "ACTIVE" && expiresAt - now < DAY;
    return isSoon ? format.duration(expiresAt - now) : format.dateTime(expiredTime);
  });
  if (!expiredTime) return text;
  return (
    <time dateTime={expiredTime} title={format.preciseDateTime(expiredTime)} className="number">
      {text}
    </time>
  );
}
