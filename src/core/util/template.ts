import { readFileSync } from "node:fs";
import handlebars from "handlebars";

/** The text of `src/templates/<name>.hbs` with its values; a value that is missing throws. */
export function template<T extends Readonly<Record<string, unknown>>>(name: string, values: T): string {
  const source = readFileSync(new URL(`../../templates/${name}.hbs`, import.meta.url), "utf8");
  return handlebars.compile(source, { noEscape: true, strict: true })(values);
}
