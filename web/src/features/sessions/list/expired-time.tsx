import { useClock } from "../../../clock";
import type { SessionFieldsFragment } from "../../../gql/graphql";
import type { Texts } from "./session-row";

const DAY = 86_400_000;

interface ExpiredTimeProps {
  token: SessionFieldsFragment["token"];
  texts: Texts;
}

/** Counts down while it is under a day; the moment itself is in the title. */
export function ExpiredTime({ token, texts: { t, format } }: ExpiredTimeProps) {
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
