import type { Difference } from "./finding.ts";
import { json } from "./json.ts";
import { markdown } from "./markdown.ts";
import { text } from "./text.ts";

/** How a difference is told, by the names that the command line has for it. */
export const formats = { text, markdown, json } as const satisfies Readonly<
  Record<string, (before: string, after: string, found: Difference) => string>
>;
