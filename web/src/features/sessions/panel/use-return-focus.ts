import { type RefObject, useEffect, useState } from "react";

/** Gives the focus back to what had it before this was opened, or, where that is gone, to `otherwise`. */
export function useReturnedFocus(otherwise?: RefObject<HTMLElement | null>) {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      const target = opener?.isConnected && opener !== document.body ? opener : otherwise?.current;
      if (target instanceof HTMLElement) target.focus({ preventScroll: true });
    },
    [opener, otherwise],
  );
}
