import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type TypedDocumentNode, useClient, useMutation } from "urql";
import { codesOf } from "../../../client";
import { notify } from "../../../components/notify";
import type { SessionDetailsFragment, UserErrorCode } from "../../../gql/graphql";
import { Session, type SessionDetailsOf } from "./session-query";

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

interface Asked {
  session: SessionDetailsOf;
  /** The dialog that asked for it. */
  close: () => void;
  /** What to say after a success. */
  done: () => string;
}

/** Sends a change, once at a time, and says what became of it, even if the dialog was closed in the meantime. */
export function useChange<Input>(
  document: TypedDocumentNode<Answer, { input: Input }>,
  { session, close, done }: Asked,
) {
  const { t } = useTranslation("session");
  const client = useClient();
  const [{ fetching }, execute] = useMutation(document);
  const [failures, setFailures] = useState<Failure[]>([]);
  const isOpen = useIsOpen();

  async function send(input: Input) {
    if (fetching) return;
    setFailures([]);
    const { data, error } = await execute({ input });
    const { session: changed, userErrors } = data?.change ?? NO_ANSWER;
    if (changed) notify({ message: done() });
    if (changed && isOpen.current) close();
    // What was refused was offered because of something that is no longer so; what was not answered may have been done.
    if (userErrors.length > 0 || error) {
      client.query(Session, { id: session.id }, { requestPolicy: "network-only" }).toPromise();
    }
    const failures = [
      ...userErrors.map(({ field, code, message }) => ({
        field: field?.[0],
        text: t(`refused.${code}`, message),
      })),
      ...(error ? [{ text: textOf(error) }] : []),
    ];
    if (isOpen.current) return setFailures(failures);
    for (const { text } of failures) {
      notify({ title: session.customer.name, message: text, color: "red", autoClose: false });
    }
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

function useIsOpen() {
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
    };
  }, []);
  return isOpen;
}
