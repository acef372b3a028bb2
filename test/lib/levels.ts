/** Fields that Loki takes for a level (DefaultAllowedLevelFields in pkg/validation/limits.go of 3.7). */
const fields = [
  "level",
  "LEVEL",
  "Level",
  "log.level",
  "severity",
  "SEVERITY",
  "Severity",
  "SeverityText",
  "lvl",
  "LVL",
];

const names: Readonly<Record<string, readonly string[]>> = {
  trace: ["trace", "trc"],
  debug: ["debug", "dbg"],
  info: ["info", "inf", "information"],
  warn: ["warn", "wrn", "warning"],
  error: ["error", "err"],
  critical: ["critical"],
  fatal: ["fatal"],
};
const called = (text: string): string | undefined =>
  Object.entries(names).find(([, words]) => words.includes(text.toLowerCase()))?.[0];

/** Words that are a level where they stand by themselves, not those of `called`. */
const words = ["trace", "debug", "fatal", "critical", "error", "err", "warning", "warn", "info"];
const word = new RegExp(`(?<=^|[ \\t\\n[({"=])(?:${words.join("|")})(?=$|[ \\t\\n\\[\\](){}:,!"=])`);

/** The first of the fields, two levels deep. */
const inJson = (value: object, depth = 0): string | undefined => {
  for (const [key, found] of Object.entries(value)) {
    if (typeof found === "string" && fields.includes(key)) return found;
    const deeper = typeof found === "object" && found !== null && depth < 1 ? inJson(found, depth + 1) : undefined;
    if (deeper !== undefined) return deeper;
  }
  return undefined;
};

const inLogfmt = (line: string): string | undefined =>
  fields
    .map((name) => new RegExp(`(?:^|\\s)${name}=(?:"([^"]*)"|(\\S*))`, "i").exec(line))
    .flatMap((found) => found?.[1] ?? found?.[2] ?? [])[0];

/**
 * The level that Loki finds in a line that comes without one: `extractLogLevelFromLogLine` in
 * pkg/distributor/field_detection.go of 3.7.
 */
export function detected(line: string): string {
  const json = /^\s*\{.*\}\s*$/s.test(line);
  const field = json ? inJson(JSON.parse(line) as object) : line.includes("=") ? inLogfmt(line) : undefined;
  const own = field === undefined ? undefined : called(field);
  if (own !== undefined) return own;
  const [found = ""] = word.exec(line.toLowerCase()) ?? [];
  return called(found) ?? "unknown";
}
