import { expectedAmount, isAmount, type Load, loadFields } from "./load.ts";

/**
 * A load with fields that are tried out, each as "field=amount".
 * @throws with every problem, one a line
 */
export function tried(load: Load | undefined, asked: readonly string[]): Load | undefined {
  if (asked.length === 0) return load;
  const fields = asked.map((text) => {
    const [field = "", amount = ""] = text.split("=", 2);
    return { text, field, amount: amount.trim() === "" ? NaN : Number(amount) };
  });
  const problems = fields.flatMap(({ text, field, amount }) => {
    if (!Object.hasOwn(loadFields, field))
      return [`--load ${text}: expected one of ${Object.keys(loadFields).join(", ")} and "=" and an amount`];
    return isAmount(amount) ? [] : [`--load ${text}: expected ${expectedAmount(field)}`];
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return { ...load, ...Object.fromEntries(fields.map(({ field, amount }) => [field, amount])) };
}
