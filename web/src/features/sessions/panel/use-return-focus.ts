import { type RefObject, useEffect, useState } from "react";

/** On unmount, focuses the element that had the focus before, or `fallback` if that element is gone. */
export function useReturnFocus(fallback?: RefObject<HTMLElement | null>) {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      const target = opener?.isConnected && opener !== document.body ? opener : fallback?.current;
      if (target instanceof HTMLElement) target.focus({ preventScroll: true });
    },
    [opener, fallback],
  );
}
