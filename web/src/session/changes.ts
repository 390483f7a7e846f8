import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type TypedDocumentNode, useClient, useMutation } from "urql";
import { codesOf } from "../client";
import type { SessionDetailsFragment, UserErrorCode } from "../gql/graphql";
import { Session } from "./details";

/** What each change of a session answers: all that is shown of it, so that everything on the screen agrees. */
interface Answer {
  change: {
    session?: SessionDetailsFragment | null;
    userErrors: { field?: string[] | null; code: UserErrorCode; message: string }[];
  };
}

/** Where it went wrong: at an input, or not. */
export interface Failure {
  field?: string;
  text: string;
}

const NO_ANSWER: Answer["change"] = { userErrors: [] };

/** Sends a change, once at a time, and says what became of it. `done` is what to say, and is called after a success. */
export function useChange<Input>(document: TypedDocumentNode<Answer, { input: Input }>, done: () => string) {
  const { t } = useTranslation("session");
  const client = useClient();
  const [{ fetching }, execute] = useMutation(document);
  const [failures, setFailures] = useState<Failure[]>([]);

  async function send(input: Input & { sessionId: string }) {
    if (fetching) return;
    setFailures([]);
    const { data, error } = await execute({ input });
    if (data?.change.session) notifications.show({ message: done(), closeButtonProps: { "aria-label": t("close") } });
    const { userErrors } = data?.change ?? NO_ANSWER;
    // What was refused was offered because of something that is no longer so.
    if (userErrors.length > 0) {
      client.query(Session, { id: input.sessionId }, { requestPolicy: "network-only" }).toPromise();
    }
    setFailures([
      ...userErrors.map(({ field, code, message }) => ({
        field: field?.[0],
        text: t(`refused.${code}`, message),
      })),
      ...(error ? [{ text: textOf(error) }] : []),
    ]);
  }

  function textOf(error: Parameters<typeof codesOf>[0] & { networkError?: Error }) {
    if (error.networkError) return t("failed.network");
    const codes = codesOf(error);
    if (codes.includes("FORBIDDEN")) return t("failed.forbidden");
    if (codes.includes("THROTTLED") || codes.includes("SERVICE_UNAVAILABLE")) return t("failed.busy");
    return t("failed.other");
  }

  return { send, failures, isBusy: fetching };
}
