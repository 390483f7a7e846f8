interface Rows {
  count: number;
  /** How far Page Up and Page Down move. */
  pageSize: number;
}

/** The row that a key moves to, or undefined if the key does not move. `active` is the current row. */
export function rowAfterKey(key: string, active: number | undefined, { count, pageSize }: Rows): number | undefined {
  const current = active ?? 0;
  const targets: Record<string, number> = {
    ArrowDown: active === undefined ? 0 : current + 1,
    ArrowUp: current - 1,
    PageDown: current + pageSize,
    PageUp: current - pageSize,
    Home: 0,
    End: count - 1,
  };
  const target = Object.hasOwn(targets, key) ? targets[key] : undefined;
  return target === undefined ? undefined : Math.max(0, Math.min(target, count - 1));
}
