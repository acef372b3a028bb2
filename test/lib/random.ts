/** Numbers that depend on nothing but the seed (mulberry32). */
export interface Random {
  /** A whole number from 0 to below `end`. */
  readonly below: (end: number) => number;
  readonly one: <T>(list: readonly T[]) => T;
  /** Whether something happens that does so once in `times`. */
  readonly oncein: (times: number) => boolean;
}

export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return { below, one: (list) => list[below(list.length)] as never, oncein: (times) => below(times) === 0 };
}
