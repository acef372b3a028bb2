import type { Difference } from "./finding.ts";

/** What differs, for programs. */
export const json = (before: string, after: string, found: Difference): string =>
  JSON.stringify({ before, after, ...found }, undefined, 2);
