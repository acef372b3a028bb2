/** An error message of Flux's substitution. */
export class SubstitutionError extends Error {}

/**
 * Flux's post-build substitution: `$$` is one dollar, `${name}` is the variable. Other forms in
 * braces (defaults, slices, replacements) are refused here (https://github.com/fluxcd/pkg,
 * envsubst/parse, v1.9.0).
 * @param variables.strict an unknown variable is an error, as since Flux 2.9; before, it was empty
 */
export function substituted(
  text: string,
  { values, strict }: { readonly values: Readonly<Record<string, string>>; readonly strict: boolean },
): string {
  let made = "";
  for (let at = 0; at < text.length; at++) {
    const [here, next] = [text[at], text[at + 1]];
    if (here === "$" && next === "$") at++;
    if (here !== "$" || next !== "{") {
      made += here;
      continue;
    }
    const name = /^[\p{L}\p{Nd}_]*/u.exec(text.slice(at + 2))?.[0] ?? "";
    if (name === "") throw new SubstitutionError("unable to parse variable name");
    if (text[at + 2 + name.length] !== "}") throw new SubstitutionError("missing closing brace");
    if (strict && !(name in values)) throw new SubstitutionError(`variable not set (strict mode): "${name}"`);
    made += values[name] ?? "";
    at += 2 + name.length;
  }
  return made;
}
