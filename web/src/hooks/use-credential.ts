import { useSyncExternalStore } from "react";
import { getCredential, subscribeToCredential } from "../credential";

export const useCredential = () => useSyncExternalStore(subscribeToCredential, getCredential);
