import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type CombinedError, type TypedDocumentNode, useClient, useMutation } from "urql";
import { errorCodes, isBusy } from "../../../client";
import { notify } from "../../../components/notify";
import type { SessionDetailsFragment, UserErrorCode } from "../../../gql/graphql";
import { type FormError, splitErrors } from "./mutation-errors";
import { Session } from "./session-query";

/** The result of every mutation of a session. It has all that the panel shows, so the cache updates every view. */
interface Result {
  change: {
    session?: SessionDetailsFragment | null;
    userErrors: { field?: string[] | null; code: UserErrorCode; message: string }[];
  };
}

interface Options<Field extends string> {
  session: SessionDetailsFragment;
  close: () => void;
  /** The text of the notification after a success. */
  successText: string;
  /** The inputs of the form that can show an error. */
  fields?: readonly Field[];
}

/** Sends a mutation from a dialog. If the dialog was closed meanwhile, errors are shown as notifications. */
export function useSessionMutation<Input, Field extends string = never>(
  document: TypedDocumentNode<Result, { input: Input }>,
  { session, close, successText, fields = [] }: Options<Field>,
) {
  const { t } = useTranslation("session");
  const client = useClient();
  const [{ fetching }, execute] = useMutation(document);
  const [errors, setErrors] = useState<FormError[]>([]);
  const isMounted = useIsMounted();

  async function send(input: Input) {
    if (fetching) return;
    setErrors([]);
    const { data, error } = await execute({ input });
    const userErrors = data?.change.userErrors ?? [];
    if (data?.change.session) {
      notify({ message: successText });
      if (isMounted.current) close();
    }
    // The session has changed meanwhile, or the mutation may have succeeded although its response was lost.
    if (userErrors.length > 0 || error) {
      client.query(Session, { id: session.id }, { requestPolicy: "network-only" }).toPromise();
    }
    const errors: FormError[] = userErrors.map(({ field, code, message }) => ({
      field: field?.[0],
      text: t(`userError.${code}`, message),
    }));
    if (error) errors.push({ text: errorText(error) });
    if (isMounted.current) return setErrors(errors);
    for (const { text } of errors) {
      notify({ title: session.customer.name, message: text, color: "red", autoClose: false });
    }
  }

  function errorText(error: CombinedError) {
    if (error.networkError) return t("error.unreachable");
    if (errorCodes(error).includes("FORBIDDEN")) return t("error.forbidden");
    return isBusy(error) ? t("error.busy") : t("error.other");
  }

  return { send, isSending: fetching, ...splitErrors(errors, fields) };
}

function useIsMounted() {
  const isMounted = useRef(true);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  return isMounted;
}
